#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/entries/entry.h"
#include "vl/models/encodec/encodec.h"
#include "vl/models/vallex/vallex.h"
#include "vl/models/vocos/vocos.h"

namespace vl::entries {

namespace {

using models::encodec::Encodec;
using models::vallex::LmInput;
using models::vallex::Vallex;
using models::vocos::Vocos;

constexpr int64_t kBooks = 8;

template <class M>
const M& model_of(const Call& call, const char* role) {
  const auto* model = dynamic_cast<const M*>(call.model);
  if (model == nullptr) fail(Code::kWrongModelKind, "the weights are no {} model", role);
  return *model;
}

LmInput lm_input(const Call& call) {
  if (call.input("text_tokens").size(0) != call.input("language_ids").size(0))
    fail(Code::kBadValue, "input:language_ids has {} ids, input:text_tokens {}",
         call.input("language_ids").size(0), call.input("text_tokens").size(0));
  return {.text_tokens = call.input("text_tokens"),
          .language_ids = call.input("language_ids"),
          .prompt_codes = call.input("prompt_codes"),
          .heads = static_cast<int64_t>(call.number("heads", 0))};
}

Tensors ar_logits(const Call& call) {
  Tensors out;
  const at::Tensor logits =
      model_of<Vallex>(call, "vallex")
          .forced_logits(lm_input(call), call.input("forced"), call.outputs_all ? &out : nullptr);
  out["ar_logits"] = logits;
  return out;
}

/// Codes and the margins [7, N] of a run of the seven passes: best minus second logit.
void put_nar(const models::vallex::NarResult& result, Tensors& out) {
  out["codes"] = result.codes;
  if (!result.logits.defined()) {  // no frames
    out["nar_margins"] = at::empty({kBooks - 1, 0});
    return;
  }
  const at::Tensor two = std::get<0>(result.logits.topk(2, -1));
  out["nar_margins"] = two.select(-1, 0) - two.select(-1, 1);
}

Tensors greedy(const Call& call) {
  const auto& model = model_of<Vallex>(call, "vallex");
  const LmInput input = lm_input(call);
  models::vallex::DecodeOptions options{
      .greedy = true, .max_frames = static_cast<int64_t>(call.number("max_frames", 0))};
  const models::vallex::Decoded ar = model.decode(input, options);
  Tensors out = {{"ar_tokens", at::tensor(ar.draws, at::kLong)},
                 {"ar_margins", at::tensor(ar.margins, at::kDouble)}};
  put_nar(model.nar(input, ar.tokens,
                    {.prefix_mode = static_cast<int64_t>(call.number("prefix_mode", -1))}, true,
                    call.outputs_all ? &out : nullptr),
          out);
  return out;
}

Tensors nar(const Call& call) {
  const auto& model = model_of<Vallex>(call, "vallex");
  Tensors out;
  const auto result =
      model.nar(lm_input(call), call.input("ar_tokens"),
                {.prefix_mode = static_cast<int64_t>(call.number("prefix_mode", -1))}, true,
                call.outputs_all ? &out : nullptr);
  put_nar(result, out);
  if (!result.logits.defined()) return out;
  out["nar_logits_first"] = result.logits.select(1, 0);
  out["nar_logits_last"] = result.logits.select(1, result.logits.size(1) - 1);
  return out;
}

Tensors sample_filter(const Call& call) {
  const models::vallex::SamplingOptions options{
      .temperature = call.number("temperature", 1.0),
      .top_k = static_cast<int64_t>(call.number("top_k", 0)),
      .top_p = call.number("top_p", 1.0)};
  return {{"probabilities", models::vallex::filtered_probabilities(call.input("logits"), options)}};
}

Tensors encode(const Call& call) {
  Tensors out;
  const auto codes =
      model_of<Encodec>(call, "codec")
          .encode(call.input("wave"), static_cast<int64_t>(call.number("n_codebooks", kBooks)),
                  true, call.outputs_all ? &out : nullptr);
  out["codes"] = codes.codes;
  out["encoder"] = codes.encoder;
  out["margins"] = codes.margins[0];
  return out;
}

Tensors decode(const Call& call) {
  Tensors out;
  const at::Tensor wave = model_of<Encodec>(call, "codec")
                              .decode(call.input("codes"), call.outputs_all ? &out : nullptr);
  out["wave"] = wave;
  return out;
}

Tensors vocos_decode(const Call& call) {
  Tensors out;
  at::Tensor codes = call.input("codes");
  if (codes.size(0) != 1) codes = codes.transpose(0, 1);  // [K,1,F] as the public code has it
  if (codes.size(0) != 1)
    fail(Code::kBadValue, "input:codes has shape [{}], wanted [1,K,F] or [K,1,F]",
         fmt::join(call.input("codes").sizes(), ","));
  const at::Tensor wav = model_of<Vocos>(call, "vocos")
                             .decode(codes, static_cast<int64_t>(call.number("bandwidth_id", 2)),
                                     call.outputs_all ? &out : nullptr);
  out["wav"] = wav;
  return out;
}

}  // namespace

std::vector<Entry> vallex_entries() {
  const std::vector<InputSpec> lm = {{"text_tokens", {-1}, Kind::kInt},
                                     {"language_ids", {-1}, Kind::kInt},
                                     {"prompt_codes", {-1, kBooks}, Kind::kInt},
                                     {"heads", {1}, Kind::kInt, true}};
  const auto with = [&](std::vector<InputSpec> more) {
    std::vector<InputSpec> all = lm;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  return {
      {"vallex", "ar_logits", with({{"forced", {-1}, Kind::kInt}}), ar_logits},
      {"vallex", "greedy",
       with({{"max_frames", {1}, Kind::kInt, true}, {"prefix_mode", {1}, Kind::kInt, true}}),
       greedy},
      {"vallex", "nar",
       with({{"ar_tokens", {-1}, Kind::kInt}, {"prefix_mode", {1}, Kind::kInt, true}}), nar},
      {"vallex",
       "sample_filter",
       {{"logits", {-1, -1}}, {"temperature", {1}}, {"top_k", {1}, Kind::kInt}, {"top_p", {1}}},
       sample_filter,
       /*needs_model=*/false},
      {"codec", "encode", {{"wave", {1, 1, -1}}, {"n_codebooks", {1}, Kind::kInt, true}}, encode},
      {"codec", "decode", {{"codes", {1, -1, -1}, Kind::kInt}}, decode},
      {"vocos",
       "decode",
       {{"codes", {-1, -1, -1}, Kind::kInt}, {"bandwidth_id", {1}, Kind::kInt}},
       vocos_decode},
  };
}

}  // namespace vl::entries
