# SPDX-License-Identifier: MIT
#
# Rules that run the two generators of the front end. What they write goes to the build tree.
#
#     tulip_re2c(IN OUT)          lexer rules (.re) to C
#     tulip_lemon(IN OUT_C OUT_H) grammar (.y) to C and the header with the token numbers
#
# Lemon exits with the number of conflicts, so a conflict in the grammar fails the build. It writes
# beside its input's name in the directory of -d; the grammar is named like its outputs, and the
# report (.out) stays there too. The header is touched because lemon leaves an unchanged one alone
# and it would look out of date for ever. Without -c the tables would take reductions by default, and the
# parser could no longer say what it had expected at a wrong token.

find_program(RE2C_EXECUTABLE re2c REQUIRED)
find_program(LEMON_EXECUTABLE lemon REQUIRED)

function(tulip_re2c input output)
  get_filename_component(directory ${output} DIRECTORY)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${directory}
    COMMAND ${RE2C_EXECUTABLE} -W --no-debug-info -o ${output} ${input}
    DEPENDS ${input}
    COMMENT "re2c ${input}"
    VERBATIM)
endfunction()

function(tulip_lemon input output_c output_h)
  get_filename_component(directory ${output_c} DIRECTORY)
  get_filename_component(name ${input} NAME_WE)
  get_filename_component(name_c ${output_c} NAME_WE)
  get_filename_component(name_h ${output_h} NAME_WE)
  if(NOT name_c STREQUAL name OR NOT name_h STREQUAL name)
    message(FATAL_ERROR "tulip_lemon: ${output_c} and ${output_h} must be named like ${input}")
  endif()
  add_custom_command(
    OUTPUT ${output_c} ${output_h}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${directory}
    COMMAND ${LEMON_EXECUTABLE} -c -l -d${directory} ${input}
    COMMAND ${CMAKE_COMMAND} -E touch ${output_h}
    DEPENDS ${input}
    COMMENT "lemon ${input}"
    VERBATIM)
endfunction()
