#pragma once

namespace vl::kernels {

/// Flushes denormals on the calling thread and on every worker of its OpenMP team. Each thread that
/// runs models calls this once: random or silent inputs make denormals by the million, on which a
/// CPU is many times slower.
void prepare_compute_thread();

}  // namespace vl::kernels
