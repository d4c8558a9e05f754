#pragma once

namespace vl::kernels {

/// Flushes denormals on the calling thread and on every worker of its OpenMP team. Each thread that runs models calls this
/// once: random or silent inputs make denormals by the million, and a vocoder runs 70 times slower on them.
void prepare_compute_thread();

/// Keeps freed memory in the process (mallopt thresholds): above 32 MiB glibc returns every block to the kernel, and the
/// page faults cost up to half of the time of large convolutions. Called first in main.
void keep_freed_memory();

}  // namespace vl::kernels
