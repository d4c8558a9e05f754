# Compiler flags and the small libraries every part uses.
add_library(vl_flags INTERFACE)
target_compile_options(vl_flags INTERFACE -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -fno-math-errno)
target_include_directories(vl_flags INTERFACE ${CMAKE_SOURCE_DIR})
if(VL_SANITIZE)
  add_compile_options(-fsanitize=${VL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${VL_SANITIZE})
endif()

find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt QUIET)
find_package(CLI11 REQUIRED)
find_path(VL_TOMLPP_INCLUDE toml++/toml.h)

add_library(vl_base INTERFACE)
target_link_libraries(vl_base INTERFACE vl_flags Threads::Threads nlohmann_json::nlohmann_json spdlog::spdlog
                                        CLI11::CLI11)
if(fmt_FOUND)
  target_link_libraries(vl_base INTERFACE fmt::fmt)
endif()
if(VL_TOMLPP_INCLUDE)
  target_compile_definitions(vl_base INTERFACE VL_HAVE_TOML=1)
endif()

# One precompiled header for the folders without torch, one for those with it: parsing torch headers is most of the cost of a file.
add_library(vl_core_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/empty.cc)
target_link_libraries(vl_core_pch PUBLIC vl_base)
target_precompile_headers(vl_core_pch PRIVATE <algorithm> <cmath> <cstdint> <functional> <map> <memory> <optional>
                          <string> <vector> <nlohmann/json.hpp> <fmt/format.h>)
