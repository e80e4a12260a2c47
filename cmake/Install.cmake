# SPDX-License-Identifier: MIT
#
# cmake --install: the program (which has its library inside), the man page with the version filled
# in, the documents with what their links lead to in the tree, and the lines that editors read.

include(GNUInstallDirs)
configure_file(${CMAKE_SOURCE_DIR}/docs/tulip.1.in ${CMAKE_BINARY_DIR}/tulip.1 @ONLY)
install(TARGETS tulip RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_BINARY_DIR}/tulip.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/tulip)
install(DIRECTORY docs scripts editors DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/tulip
  PATTERN "*.in" EXCLUDE PATTERN "__pycache__" EXCLUDE)
