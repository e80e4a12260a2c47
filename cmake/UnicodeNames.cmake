# SPDX-License-Identifier: MIT
#
# tulip_unicode_names(OUT): the tables of common/unicode_name.c, and tulip_unicode_data(OUT): those
# of common/unicode_data.c, out of the Unicode Character Database (Debian: unicode-data; elsewhere
# say where with -DTULIP_UNICODE_DIRECTORY=…).

find_program(PYTHON3_EXECUTABLE python3 REQUIRED)
find_path(TULIP_UNICODE_DIRECTORY UnicodeData.txt REQUIRED
  PATHS /usr/share/unicode /usr/share/unicode/ucd /usr/share/unicode-data
  DOC "The folder with UnicodeData.txt and NameAliases.txt")

function(tulip_unicode_names output)
  set(script ${CMAKE_SOURCE_DIR}/cmake/unicode_names.py)
  set(data ${TULIP_UNICODE_DIRECTORY}/UnicodeData.txt)
  set(aliases ${TULIP_UNICODE_DIRECTORY}/NameAliases.txt)
  add_custom_command(OUTPUT ${output}
    COMMAND ${PYTHON3_EXECUTABLE} -B ${script} ${data} ${aliases} ${output}
    DEPENDS ${script} ${data} ${aliases}
    COMMENT "Names of characters from ${data}" VERBATIM)
endfunction()

function(tulip_unicode_data output)
  set(script ${CMAKE_SOURCE_DIR}/cmake/unicode_data.py)
  add_custom_command(OUTPUT ${output}
    COMMAND ${PYTHON3_EXECUTABLE} -B ${script} ${TULIP_UNICODE_DIRECTORY} ${output}
    DEPENDS ${script} ${TULIP_UNICODE_DIRECTORY}/UnicodeData.txt
    COMMENT "Properties of characters from ${TULIP_UNICODE_DIRECTORY}" VERBATIM)
endfunction()
