#include "vl/models/rvc/config.h"

#include "vl/core/error.h"

namespace vl::models::rvc {

int64_t RvcConfig::hop() const {
  int64_t product = 1;
  for (int64_t rate : upsample_rates) product *= rate;
  return product;
}

void describe(RvcConfig& c, Fields& f) {
  f.add("version", &c.version, "version of the model").one_of({"v1", "v2"});
  f.add("f0", &c.f0, "the model takes a pitch curve");
  f.add("sample_rate", &c.sample_rate, "output rate in Hz").range(8000, 192000);
  f.add("feature_dim", &c.feature_dim, "width of the content features").range(1, 8192);
  f.add("inter", &c.inter, "channels of the latent").range(2, 4096);
  f.add("hidden", &c.hidden, "width of the encoder and the flow").range(1, 4096);
  f.add("filter", &c.filter, "width inside the feed-forward blocks").range(1, 16384);
  f.add("heads", &c.heads, "attention heads").range(1, 64);
  f.add("layers", &c.layers, "encoder layers").range(1, 64);
  f.add("kernel", &c.kernel, "kernel of the feed-forward blocks").range(1, 63);
  f.add("window", &c.window, "reach of the relative positions").range(0, 256);
  f.add("flow_layers", &c.flow_layers, "layers of a coupling").range(1, 32);
  f.add("flow_kernel", &c.flow_kernel, "kernel of a coupling").range(1, 63);
  f.add("resblock_kernels", &c.resblock_kernels, "kernels of the residual blocks").range(1, 63);
  f.add("resblock_dilations", &c.resblock_dilations, "dilations of each residual block");
  f.add("upsample_rates", &c.upsample_rates, "rates of the upsampling stages").range(1, 64);
  f.add("upsample_kernels", &c.upsample_kernels, "kernels of the upsampling stages").range(1, 128);
  f.add("upsample_channels", &c.upsample_channels, "channels before upsampling").range(1, 8192);
  f.add("speakers", &c.speakers, "rows of the speaker table").range(1, 65536);
  f.add("gin", &c.gin, "width of the speaker table").range(1, 8192);
}

namespace {

void validate_stages(const RvcConfig& c) {
  const size_t stages = c.upsample_rates.size();
  check(stages >= 1 && stages <= 8 && stages == c.upsample_kernels.size(),
        Code::kUnsupportedVariant, "RVC: upsampling rates and kernels differ in number");
  if (c.upsample_channels % (int64_t{1} << stages) != 0)
    fail(Code::kUnsupportedVariant, "RVC: {} channels cannot be halved {} times",
         c.upsample_channels, stages);
  int64_t after = c.hop();
  for (size_t i = 0; i < stages; ++i) {
    const int64_t rate = c.upsample_rates[i], kernel = c.upsample_kernels[i];
    if (kernel < rate || (kernel - rate) % 2 != 0)
      fail(Code::kUnsupportedVariant, "RVC: upsampling by {} with kernel {} changes the length",
           rate, kernel);
    after /= rate;
    if (c.f0 && after > 1 && after % 2 != 0)
      fail(Code::kUnsupportedVariant, "RVC: the excitation cannot be reduced by {}", after);
  }
}

}  // namespace

void validate(const RvcConfig& c) {
  if (c.hidden % c.heads != 0)
    fail(Code::kUnsupportedVariant, "RVC: width {} is not a multiple of {} heads", c.hidden,
         c.heads);
  check(c.inter % 2 == 0, Code::kUnsupportedVariant,
        "RVC: the latent has an odd number of channels");
  check(c.kernel % 2 == 1 && c.flow_kernel % 2 == 1, Code::kUnsupportedVariant,
        "RVC: even kernels change the length");
  check(!c.resblock_kernels.empty() && c.resblock_kernels.size() == c.resblock_dilations.size(),
        Code::kUnsupportedVariant,
        "RVC: kernels and dilations of the residual blocks differ in number");
  for (size_t i = 0; i < c.resblock_kernels.size(); ++i) {
    check(c.resblock_kernels[i] % 2 == 1 && !c.resblock_dilations[i].empty(),
          Code::kUnsupportedVariant, "RVC: residual blocks need odd kernels and some dilation");
    for (int64_t d : c.resblock_dilations[i])
      if (d < 1 || d > 1024)
        fail(Code::kUnsupportedVariant, "RVC: dilation {} is outside 1..1024", d);
  }
  validate_stages(c);
}

}  // namespace vl::models::rvc
