// The program's entry. It answers what needs no model itself and opens the library of verbs for all
// else: loading libtorch takes most of the time of a short call.

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "apps/voxlip/front.h"
#include "vl/core/allocator.h"
#include "vl/core/cancel.h"

namespace {

using Main = int (*)(int, char**);

Main open_verbs() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string path = (self.parent_path() / "libvoxlip_verbs.so").string();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    std::fprintf(stderr, "error[E0101]: cannot load %s\n  where: %s\n", path.c_str(), dlerror());
    return nullptr;
  }
  return reinterpret_cast<Main>(dlsym(library, "voxlip_main"));
}

/// A file opened later must not become standard output or error; writing to one that the caller
/// closed stays an error.
void fill_standard_streams() {
  int fd = 0;
  while (fd >= 0 && fd <= 2) fd = open("/dev/null", O_RDONLY);
  if (fd > 2) close(fd);
}

/// Idle OpenMP threads spin for milliseconds unless told otherwise, which takes the cores from
/// whoever works on them; microseconds bridge the gaps between operators as well. libgomp reads
/// this when it is loaded.
void limit_spinning() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", "2000", /*replace=*/0);
}

/// oneDNN keeps the code that it made for every shape of an operator it met; pieces of a long track
/// differ in length. It reads this at its first operator.
void limit_prepared_operators() { setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "256", /*replace=*/0); }

}  // namespace

int main(int argc, char** argv) {
  fill_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN);  // a size limit is then an error of write(), like a full disk
  vl::keep_freed_memory();
  limit_spinning();
  limit_prepared_operators();
  if (const auto done = vl::app::answer_without_models(argc, argv)) return *done;
  vl::hold_signals();
  const Main verbs = open_verbs();
  return verbs == nullptr ? 1 : verbs(argc, argv);
}
