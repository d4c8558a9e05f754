#include "vl/core/bench_row.h"

#include <cmath>
#include <map>
#include <stdexcept>

#include <fmt/format.h>

namespace vl {

namespace {

constexpr int64_t kSchema = 1;

const std::map<std::string, size_t>& positions() {
  static const std::map<std::string, size_t> found = [] {
    std::map<std::string, size_t> out;
    for (const std::string& name : BenchRow::columns()) out.emplace(name, out.size());
    return out;
  }();
  return found;
}

size_t position_of(const std::string& column) {
  const auto it = positions().find(column);
  if (it == positions().end()) throw std::logic_error("no bench column \"" + column + "\"");
  return it->second;
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_field(const BenchValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  if (const auto* whole = std::get_if<int64_t>(&value)) return std::to_string(*whole);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  return "NA";
}

}  // namespace

const std::vector<std::string>& BenchRow::columns() {
  static const std::vector<std::string> names = {
      "schema",
      "run_id",
      "campaign",
      "label",
      "utc",
      "config_hash",
      "env_hash",
      "build",
      "kind",
      "scenario",
      "profile",
      "chain",
      "preset",
      "device",
      "gpus",
      "gpu_policy",
      "precision",
      "engine",
      "graph",
      "overlap",
      "chunk_s",
      "checkpointing",
      "batch",
      "streams",
      "clip_s",
      "frames",
      "fps",
      "width",
      "height",
      "det_every",
      "text_tokens",
      "prompt_frames",
      "ar_tokens",
      "takes",
      "ar_mode",
      "stage_cache",
      "weights",
      "n",
      "n_err",
      "warmup_n",
      "duration_s",
      "valid",
      "invalid_reason",
      "warnings",
      "mean_ms",
      "sd_ms",
      "cv",
      "min_ms",
      "max_ms",
      "p50_ms",
      "p90_ms",
      "p95_ms",
      "p99_ms",
      "p999_ms",
      "es_p50_ms",
      "es_p90_ms",
      "es_p99_ms",
      "ci_mean_lo_ms",
      "ci_mean_hi_ms",
      "ci_p50_lo_ms",
      "ci_p50_hi_ms",
      "ttfa_ms",
      "ttff_ms",
      "cold_ms",
      "load_ms",
      "capture_ms",
      "decode_ms",
      "encode_ms",
      "e2e_io_p50_ms",
      "e2e_io_p90_ms",
      "clips_per_s",
      "in_flight",
      "rtf",
      "x_realtime",
      "text_ms",
      "rvc_ms",
      "prompt_ms",
      "ar_ms",
      "nar_ms",
      "codec_ms",
      "prosody_ms",
      "vocoder_ms",
      "fit_ms",
      "face_ms",
      "lips_ms",
      "composite_ms",
      "other_ms",
      "ar_step_us",
      "rvc_f0_ms",
      "rvc_feat_ms",
      "rvc_synth_ms",
      "overlap_x",
      "bubble_pct",
      "alloc_peak_mib",
      "reserved_peak_mib",
      "nvml_proc_peak_mib",
      "nvml_dev_peak_mib",
      "mem_source",
      "alloc_retries",
      "mem_slope_pct",
      "util_source",
      "sm_active_pct",
      "sm_occ_pct",
      "tensor_pct",
      "dram_pct",
      "busy_pct",
      "nvml_gpu_pct",
      "mfu",
      "mbu",
      "bound_by",
      "power_w",
      "energy_j",
      "energy_net_j",
      "sm_clock_mhz",
      "mem_clock_mhz",
      "temp_c",
      "throttle_mask",
      "host_hwm_mib",
      "cpu_pct",
      "minflt",
      "majflt",
      "nvcsw",
      "nivcsw",
      "psi_cpu_pct",
      "samp_hz",
      "samp_jitter_ms",
      "samp_missed",
      "samp_cpu_pct",
      "acc_id",
      "acc_pass",
      "step_ms",
      "tokens_per_s",
      "audio_s_per_s",
      "act_peak_mib",
      "loss",
      "grad_scale",
      "skipped_steps",
  };
  return names;
}

BenchRow::BenchRow() : values_(columns().size()) { set("schema", kSchema); }

void BenchRow::set(const std::string& column, BenchValue value) {
  const double* real = std::get_if<double>(&value);
  if (real != nullptr && !std::isfinite(*real)) value = std::monostate{};
  values_[position_of(column)] = std::move(value);
}

const BenchValue& BenchRow::get(const std::string& column) const {
  return values_[position_of(column)];
}

double BenchRow::number(const std::string& column, double otherwise) const {
  const BenchValue& value = get(column);
  if (const auto* whole = std::get_if<int64_t>(&value)) return static_cast<double>(*whole);
  const auto* real = std::get_if<double>(&value);
  return real == nullptr ? otherwise : *real;
}

nlohmann::ordered_json BenchRow::to_json() const {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (size_t i = 0; i < values_.size(); ++i)
    out[columns()[i]] = std::visit(
        [](const auto& v) -> nlohmann::ordered_json {
          if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::monostate>)
            return nullptr;
          else
            return v;
        },
        values_[i]);
  return out;
}

std::string bench_csv(const std::vector<BenchRow>& rows) {
  std::string out = fmt::format("{}\r\n", fmt::join(BenchRow::columns(), ","));
  for (const BenchRow& row : rows) {
    for (const std::string& name : BenchRow::columns()) {
      if (&name != &BenchRow::columns().front()) out += ',';
      out += csv_field(row.get(name));
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace vl
