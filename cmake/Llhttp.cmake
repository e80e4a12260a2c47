# SPDX-License-Identifier: MIT
#
# llhttp, the parser of HTTP, is part of tulip_libraries. In this order: the installed library
# (pkg-config libllhttp); its C sources in TULIP_LLHTTP_DIRECTORY, in /usr/share/llhttp or in the
# build tree; the sources out of Debian's package, fetched into the build tree by fetch_llhttp.
# Sources are compiled in strict mode.

set(TULIP_LLHTTP_DIRECTORY "" CACHE PATH "The folder with llhttp's api.c, http.c, llhttp.c, llhttp.h")

function(tulip_use_llhttp_sources directory)
  add_library(llhttp STATIC ${directory}/api.c ${directory}/http.c ${directory}/llhttp.c)
  find_path(LLHTTP_HEADER_DIRECTORY llhttp.h REQUIRED NO_CMAKE_FIND_ROOT_PATH
    PATHS ${directory} /usr/share/include/llhttp)
  mark_as_advanced(LLHTTP_HEADER_DIRECTORY)
  target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_HEADER_DIRECTORY})
  target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  target_compile_options(llhttp PRIVATE -w)
  target_link_libraries(tulip_libraries INTERFACE llhttp)
endfunction()

function(tulip_find_llhttp)
  set(fetched ${CMAKE_BINARY_DIR}/llhttp)
  foreach(directory ${TULIP_LLHTTP_DIRECTORY} /usr/share/llhttp ${fetched})
    if(EXISTS ${directory}/llhttp.c)
      tulip_use_llhttp_sources(${directory})
      return()
    endif()
  endforeach()
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/cmake/fetch_llhttp ${fetched}
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed OR NOT EXISTS ${fetched}/llhttp.h)
    message(FATAL_ERROR
      "llhttp is missing. Install libllhttp, or give the folder with its C sources (api.c, http.c, "
      "llhttp.c and llhttp.h; Debian has them in the package node-llhttp): "
      "cmake -DTULIP_LLHTTP_DIRECTORY=FOLDER")
  endif()
  tulip_use_llhttp_sources(${fetched})
endfunction()

pkg_check_modules(LLHTTP QUIET IMPORTED_TARGET libllhttp)
if(LLHTTP_FOUND AND NOT TULIP_LLHTTP_DIRECTORY)
  target_link_libraries(tulip_libraries INTERFACE PkgConfig::LLHTTP)
else()
  tulip_find_llhttp()
endif()
