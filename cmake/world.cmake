# The static library vl_world: Harvest and StoneMask of WORLD (deps/get_world). It goes with VL_MEDIA; VL_HAVE_WORLD tells whether it is used.
set(VL_HAVE_WORLD OFF)
set(_world ${CMAKE_SOURCE_DIR}/.deps/world/src)
if(NOT VL_MEDIA STREQUAL "OFF")
  if(EXISTS ${_world}/harvest.cpp)
    set(VL_HAVE_WORLD ON)
    add_library(vl_world STATIC ${_world}/harvest.cpp ${_world}/stonemask.cpp ${_world}/common.cpp ${_world}/fft.cpp
                                ${_world}/matlabfunctions.cpp)
    target_include_directories(vl_world SYSTEM PUBLIC ${_world})
    # No fused multiply-add: the values of the public program. Sanitizers watch our code, not this one's arithmetic.
    target_compile_options(vl_world PRIVATE -w -ffp-contract=off)
    if(VL_SANITIZE)
      target_compile_options(vl_world PRIVATE -fno-sanitize=undefined)
    endif()
  elseif(VL_MEDIA STREQUAL "ON")
    message(FATAL_ERROR "VL_MEDIA=ON, but WORLD is not in .deps/world: run 'make setup'")
  endif()
endif()
message(STATUS "WORLD (f0 by Harvest): ${VL_HAVE_WORLD}")
