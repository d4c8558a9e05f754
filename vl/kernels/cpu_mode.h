#pragma once

namespace vl::kernels {

/// Flushes denormals on the calling thread and on every worker of its OpenMP team. Each thread that
/// runs models calls this once: random or silent inputs make denormals by the million, and a
/// vocoder runs 70 times slower on them.
void prepare_compute_thread();

}  // namespace vl::kernels
