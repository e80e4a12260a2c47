# SPDX-License-Identifier: MIT
#
# cmake --install: the program (which has its library inside), the man page with the version filled
# in, the documents with what their links lead to, which is the source among other things, and the
# lines that editors read.

include(GNUInstallDirs)
configure_file(${CMAKE_SOURCE_DIR}/docs/tulip.1.in ${CMAKE_BINARY_DIR}/tulip.1 @ONLY)
install(TARGETS tulip RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_BINARY_DIR}/tulip.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

set(documents ${CMAKE_INSTALL_DATAROOTDIR}/doc/tulip)
install(FILES README.md CHANGELOG.md CONTRIBUTING.md LICENSE DESTINATION ${documents})
install(DIRECTORY docs scripts editors common lexer parser compiler vm loop stdlib cli
  DESTINATION ${documents} PATTERN "*.in" EXCLUDE PATTERN "__pycache__" EXCLUDE)
foreach(file bench/probe_cost.py tests/cpython/tags tests/faults/run tests/load/run)
  get_filename_component(folder ${file} DIRECTORY)
  install(FILES ${file} DESTINATION ${documents}/${folder})
endforeach()
