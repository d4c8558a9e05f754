#include "vl/models/fastpitch/config.h"

namespace vl::models::fastpitch {

namespace {

constexpr double kMaxSize = 1 << 16;

void describe_fft(FftConfig& c, Fields& fields, const std::string& prefix) {
  fields.add(prefix + "_fft_n_layers", &c.n_layers).range(1, 256);
  fields.add(prefix + "_fft_n_heads", &c.n_heads).range(1, 256);
  fields.add(prefix + "_fft_d_head", &c.d_head).range(1, kMaxSize);
  fields.add(prefix + "_fft_conv1d_kernel_size", &c.conv1d_kernel_size).range(1, 255);
  fields.add(prefix + "_fft_conv1d_filter_size", &c.conv1d_filter_size).range(1, kMaxSize);
}

void describe_predictor(PredictorConfig& c, Fields& fields, const std::string& prefix) {
  fields.add(prefix + "_predictor_n_layers", &c.n_layers).range(1, 256);
  fields.add(prefix + "_predictor_kernel_size", &c.kernel_size).range(1, 255);
  fields.add(prefix + "_predictor_filter_size", &c.filter_size).range(1, kMaxSize);
}

}  // namespace

void describe(FastPitchConfig& c, Fields& fields) {
  fields.add("n_mel_channels", &c.n_mel_channels).range(1, 1024);
  fields.add("n_symbols", &c.n_symbols).range(1, 1 << 20);
  fields.add("padding_idx", &c.padding_idx, "symbol id of padding, masked out").range(0, 1 << 20);
  fields.add("symbols_embedding_dim", &c.symbols_embedding_dim).range(2, kMaxSize);
  describe_fft(c.encoder, fields, "in");
  describe_fft(c.decoder, fields, "out");
  describe_predictor(c.duration, fields, "dur");
  describe_predictor(c.pitch, fields, "pitch");
  describe_predictor(c.energy, fields, "energy");
  fields.add("pitch_embedding_kernel_size", &c.pitch_embedding_kernel_size).range(1, 255);
  fields.add("energy_embedding_kernel_size", &c.energy_embedding_kernel_size).range(1, 255);
  fields.add("energy_conditioning", &c.energy_conditioning);
  fields.add("n_speakers", &c.n_speakers).range(1, 1 << 20);
  fields.add("speaker_emb_weight", &c.speaker_emb_weight);
  fields.add("sampling_rate", &c.sampling_rate, "Hz").range(1000, 384000);
  fields.add("filter_length", &c.filter_length, "points of the FFT").range(2, kMaxSize);
  fields.add("hop_length", &c.hop_length, "samples a frame").range(1, kMaxSize);
  fields.add("win_length", &c.win_length, "samples of the window").range(2, kMaxSize);
  fields.add("mel_fmin", &c.mel_fmin, "Hz").range(0, 192000);
  fields.add("mel_fmax", &c.mel_fmax, "Hz").range(1, 192000);
  fields.add("max_wav_value", &c.max_wav_value).range(1, 1e12);
  fields.add("symbol_set", &c.symbol_set);
  fields.add("text_cleaners", &c.text_cleaners);
  fields.add("p_arpabet", &c.p_arpabet).range(0, 1);
}

}  // namespace vl::models::fastpitch
