# SPDX-License-Identifier: MIT
#
# The libraries that Tulip is linked to, gathered in the interface target tulip_libraries.
# Headers are found by pkg-config. The archives (.a) of the development packages are preferred
# over the shared objects: the binary is then one file that runs on a machine without them, and
# starts sooner because the dynamic linker has less to do.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

add_library(tulip_libraries INTERFACE)

# tulip_use(MODULE NAME…): MODULE is the pkg-config name, NAME… the archive's possible names.
function(tulip_use module)
  string(TOUPPER ${module} prefix)
  string(REGEX REPLACE "[^A-Z0-9]" "_" prefix ${prefix})
  pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET ${module})
  if(TULIP_STATIC_LIBS)
    list(TRANSFORM ARGN PREPEND lib OUTPUT_VARIABLE archives)
    list(TRANSFORM archives APPEND .a)
    find_library(${prefix}_ARCHIVE NAMES ${archives} HINTS ${${prefix}_LIBRARY_DIRS})
    mark_as_advanced(${prefix}_ARCHIVE)
  endif()
  if(TULIP_STATIC_LIBS AND ${prefix}_ARCHIVE)
    target_include_directories(tulip_libraries SYSTEM INTERFACE ${${prefix}_INCLUDE_DIRS})
    target_link_libraries(tulip_libraries INTERFACE ${${prefix}_ARCHIVE})
  else()
    target_link_libraries(tulip_libraries INTERFACE PkgConfig::${prefix})
  endif()
endfunction()

tulip_use(libuv uv uv_a)
tulip_use(gmp gmp)
tulip_use(libutf8proc utf8proc)
tulip_use(libpcre2-8 pcre2-8)
tulip_use(libpcre2-32 pcre2-32)
tulip_use(zlib z)
target_link_libraries(tulip_libraries INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
