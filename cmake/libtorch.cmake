# The imported target vl_torch: libtorch_cpu and libc10 of the unpacked wheel (deps/get_libtorch), or of VL_TORCH_DIR.
set(VL_TORCH_DIR "$ENV{VL_TORCH_DIR}" CACHE PATH "Folder that holds torch's include/ and lib/ (default: .deps/libtorch/torch)")
set(_torch ${VL_TORCH_DIR})
if(NOT _torch)
  set(_torch ${CMAKE_SOURCE_DIR}/.deps/libtorch/torch)
endif()
if(NOT EXISTS ${_torch}/lib/libtorch_cpu.so)
  message(FATAL_ERROR "libtorch not found in ${_torch}: run 'make setup', or set VL_TORCH_DIR to an installed torch")
endif()

# libtorch_cpu of the wheel needs libcudart.so.13 and libcupti.so.13 at load time, GPU or not.
find_library(VL_CUDART NAMES libcudart.so.13
             HINTS ${_torch}/../nvidia/cu13/lib /usr/local/cuda/lib64 /usr/local/cuda/lib /usr/local/cuda/extras/CUPTI/lib64)
find_library(VL_CUPTI NAMES libcupti.so.13
             HINTS ${_torch}/../nvidia/cu13/lib /usr/local/cuda/lib64 /usr/local/cuda/lib /usr/local/cuda/extras/CUPTI/lib64)

add_library(vl_torch INTERFACE)
# -idirafter: the wheel carries a newer fmt and protobuf, which must not hide those the other libraries were built with.
target_compile_options(vl_torch INTERFACE "SHELL:-idirafter ${_torch}/include"
                                          "SHELL:-idirafter ${_torch}/include/torch/csrc/api/include")
target_link_directories(vl_torch INTERFACE ${_torch}/lib)
target_link_options(vl_torch INTERFACE -Wl,--no-as-needed -Wl,-rpath,${_torch}/lib)
target_link_libraries(vl_torch INTERFACE ${_torch}/lib/libtorch_cpu.so ${_torch}/lib/libc10.so
                                         ${_torch}/lib/libgomp.so.1)
foreach(_lib ${VL_CUDART} ${VL_CUPTI})
  get_filename_component(_dir ${_lib} DIRECTORY)
  target_link_options(vl_torch INTERFACE -Wl,-rpath,${_dir} -Wl,-rpath-link,${_dir})
endforeach()

add_library(vl_torch_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/empty.cc)
target_link_libraries(vl_torch_pch PUBLIC vl_base vl_torch)
target_precompile_headers(vl_torch_pch PRIVATE <ATen/ATen.h> <torch/nn/module.h> <algorithm> <cmath> <cstdint>
                          <functional> <map> <memory> <optional> <string> <vector> <nlohmann/json.hpp> <fmt/format.h>)
