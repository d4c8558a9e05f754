#pragma once

#include <cstddef>
#include <memory>

namespace vl {

/// Keeps freed memory in the process (mallopt thresholds): above 32 MiB glibc returns every block
/// to the kernel, and the page faults cost up to half of the time of large convolutions. The first
/// call of main.
void keep_freed_memory();

/// Gives freed memory back to the system once: before a measurement of the peak, and between pieces
/// of different size, whose left-overs would add up.
void release_freed_memory();

/// Uninitialised memory on its own pages, large ones where the system has them: for weights that
/// are read from end to end again and again, whose small pages cost up to a fifth of the time.
/// @throws std::bad_alloc
std::shared_ptr<void> allocate_large(size_t bytes);

}  // namespace vl
