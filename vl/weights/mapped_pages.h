#pragma once

#include <cstddef>

#include "vl/weights/mapped_file.h"

namespace vl::weights {

/// Says that nobody writes to the bytes of a mapping as long as it lives, so that release_pages()
/// may drop them.
void declare_read_only(const ByteView& mapping);

/// Gives the memory of whole pages inside [begin, begin + size) back where they are bytes of a file
/// that was declared read-only; whoever reads them again gets them from the file. Other memory
/// stays as it is. For weights that were checked or converted: else a model of gigabytes is
/// resident once beside what is made of it.
void release_pages(const void* begin, size_t size);

}  // namespace vl::weights
