#include "vl/models/vallex/config.h"

#include "vl/core/error.h"

namespace vl::models::vallex {

void describe(VallexConfig& c, Fields& f) {
  f.add("dim", &c.dim, "width of the transformers").range(2, 16384);
  f.add("heads", &c.heads, "attention heads").range(1, 1024);
  f.add("ffn", &c.ffn, "width inside the feed-forward blocks").range(1, 65536);
  f.add("ar_layers", &c.ar_layers, "layers of the autoregressive stage").range(1, 256);
  f.add("nar_layers", &c.nar_layers, "layers of the non-autoregressive stage").range(1, 256);
  f.add("text_rows", &c.text_rows, "rows of the text table").range(1, 1 << 20);
  f.add("languages", &c.languages, "rows of the language table").range(1, 1024);
  f.add("prefix_mode", &c.prefix_mode, "prompt codes in the non-autoregressive stage").range(0, 4);
}

void validate(const VallexConfig& c) {
  if (c.dim % 2 != 0) fail(Code::kUnsupportedVariant, "VALL-E X: the width {} is odd", c.dim);
  if (c.dim % c.heads != 0)
    fail(Code::kUnsupportedVariant, "VALL-E X: width {} is not a multiple of {} heads", c.dim,
         c.heads);
}

}  // namespace vl::models::vallex
