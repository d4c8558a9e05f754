#pragma once

namespace vl {

/// Keeps freed memory in the process (mallopt thresholds): above 32 MiB glibc returns every block
/// to the kernel, and the page faults cost up to half of the time of large convolutions. The first
/// call of main.
void keep_freed_memory();

/// Gives freed memory back to the system once: before a measurement of the peak, and between pieces
/// of different size, whose left-overs would add up.
void release_freed_memory();

}  // namespace vl
