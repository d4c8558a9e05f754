#include "vl/dub/consent.h"

#include <algorithm>

#include "vl/core/canonical.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/sha256.h"
#include "vl/core/toml.h"
#include "vl/weights/document.h"

namespace vl::dub {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr uint64_t kMostBytes = 1U << 20;
constexpr int kInvalid = static_cast<int>(Code::kConsentInvalid);
const std::string kVoice = "voice", kFace = "face", kStatement = "statement";

/// Keys of a consent file.
void describe(Consent& c, Fields& f) {
  f.add("subject", &c.subject);
  f.add("date", &c.date);
  f.add("purpose", &c.purpose);
  f.add("scope", &c.scope);
  f.add("expires", &c.expires);
  f.add("voice_sha256", &c.voice_sha256);
  f.add("evidence", &c.evidence);
}

/// Further keys of the copy beside a registered voice.
void describe_stored(Consent& c, Fields& f) {
  describe(c, f);
  f.add("kind", &c.kind);
  f.add("evidence_sha256", &c.evidence_sha256);
  f.add("files", &c.files);
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

template <class... Args>
[[noreturn]] void invalid(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(Code::kConsentInvalid, fmt::format(format, std::forward<Args>(args)...), {},
              {"a consent has subject, date, purpose, scope, and where they apply expires, "
               "voice_sha256 and evidence"});
}

Date checked_date(const char* key, const std::string& text) {
  const auto date = parse_date(text);
  if (!date) invalid("consent: {} is \"{}\", not a date like 2026-11-02", key, text);
  return *date;
}

void check_dates(const Consent& c, Date day) {
  const Date given = checked_date("date", c.date);
  // East of Greenwich tomorrow has begun already.
  if (given > day + std::chrono::days(1)) invalid("consent is dated ahead: {}", c.date);
  if (c.expires.empty()) return;
  const Date end = checked_date("expires", c.expires);
  if (end < given) invalid("consent expires on {}, before its date {}", c.expires, c.date);
  if (end < day) invalid("consent expired {}", c.expires);
}

void check_fields(const Consent& c) {
  const std::pair<const char*, bool> needed[] = {{"subject", c.subject.empty()},
                                                 {"date", c.date.empty()},
                                                 {"purpose", c.purpose.empty()},
                                                 {"scope", c.scope.empty()}};
  for (const auto& [key, absent] : needed)
    if (absent) invalid("consent: key \"{}\" is missing", key);
  for (const std::string& s : c.scope)
    if (s != kVoice && s != kFace) invalid("consent: scope has \"{}\"; it is voice and face", s);
  if (!c.voice_sha256.empty() && !is_sha256(c.voice_sha256))
    invalid("consent: voice_sha256 is no SHA-256 in 64 lower-case hexadecimal digits");
}

void hash_evidence(Consent& c, const fs::path& folder) {
  if (c.evidence.empty()) return;
  const fs::path file = folder / c.evidence;
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored))
    invalid("consent: evidence {} is no file", file.string());
  c.evidence_sha256 = sha256_file(file.string());
  c.evidence = fs::path(c.evidence).filename().string();
}

json parse_document(const std::string& path) {
  const std::string text = read_file(path, kMostBytes);
  if (fs::path(path).extension() != ".json") return parse_toml(text, path, kInvalid, nullptr);
  const json out = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!out.is_object()) invalid("consent is no JSON object");
  return out;
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string statement_of(const Consent& c) { return c.subject + ", " + c.date + ", " + c.purpose; }

/// What a record may name a voice by: its files as stored, and what they were made from.
std::vector<std::string> hashes_of(const weights::PackVoice& voice) {
  std::vector<std::string> out;
  if (!voice.folder.empty()) out.push_back(stored_consent(voice).voice_sha256);
  if (voice.prompt) out.push_back(voice.prompt->sha256);
  if (voice.rvc) out.push_back(voice.rvc->sha256);
  std::erase(out, "");
  return out;
}

std::vector<Consent> given_consents(const ConsentOptions& o, Date day) {
  o.validate();
  std::vector<Consent> out;
  for (const std::string& file : o.consent) out.push_back(read_consent(file, day));
  if (!o.i_have_consent.empty()) out.push_back(parse_consent(o.i_have_consent, day));
  return out;
}

}  // namespace

bool Consent::covers(const std::string& what) const {
  return std::find(scope.begin(), scope.end(), what) != scope.end();
}

std::string Consent::sha256() const {
  const auto text = [](const std::string& t) { return t.empty() ? json(nullptr) : json(t); };
  std::vector<std::string> sorted = scope;
  std::sort(sorted.begin(), sorted.end());
  return sha256_hex(canonical_json({{"subject", subject},
                                    {"date", date},
                                    {"purpose", purpose},
                                    {"scope", sorted},
                                    {"expires", text(expires)},
                                    {"voice_sha256", text(voice_sha256)},
                                    {"evidence_sha256", text(evidence_sha256)}}));
}

Consent read_consent(const std::string& path, Date day) {
  try {
    Consent out;
    Fields fields;
    describe(out, fields);
    fields_from_json(fields, parse_document(path), kInvalid);
    check_fields(out);
    check_dates(out, day);
    hash_evidence(out, fs::path(path).parent_path());
    return out;
  } catch (const Error& e) {
    throw e.with_file(path);
  }
}

Consent parse_consent(const std::string& statement, Date day) {
  Consent out;
  out.kind = kStatement;
  out.scope = {kVoice};
  for (size_t comma = statement.find(','); comma != std::string::npos;) {
    const size_t next = statement.find(',', comma + 1);
    if (next == std::string::npos) break;
    const std::string middle = trimmed(statement.substr(comma + 1, next - comma - 1));
    if (parse_date(middle)) {
      out.subject = trimmed(statement.substr(0, comma));
      out.date = middle;
      out.purpose = trimmed(statement.substr(next + 1));
      break;
    }
    comma = next;
  }
  if (out.subject.empty() || out.purpose.empty())
    throw Error(
        Code::kConsentInvalid,
        fmt::format("\"{}\" is no statement of consent: it is NAME, DATE, PURPOSE", statement), {},
        {"for instance \"Mina Kim, 2026-11-02, product demo\""});
  check_dates(out, day);
  return out;
}

std::optional<Consent> voice_consent(const ConsentOptions& o, const std::vector<std::string>& voice,
                                     Date day) {
  bool foreign = false;
  for (Consent& c : given_consents(o, day)) {
    if (!c.covers(kVoice)) continue;
    if (c.voice_sha256.empty()) {
      if (!voice.empty()) c.voice_sha256 = voice.front();
      return c;
    }
    if (std::find(voice.begin(), voice.end(), c.voice_sha256) != voice.end()) return c;
    foreign = true;
  }
  if (foreign)
    throw Error(Code::kConsentForeign, "consent is for another voice", {},
                {fmt::format("its voice_sha256 must be {}", fmt::join(voice, " or "))});
  return std::nullopt;
}

void write_consent(const Consent& c, const fs::path& folder) {
  nlohmann::ordered_json out = {{"kind", c.kind},       {"subject", c.subject}, {"date", c.date},
                                {"purpose", c.purpose}, {"scope", c.scope},     {"files", c.files}};
  const std::pair<const char*, const std::string*> optional[] = {
      {"expires", &c.expires},
      {"voice_sha256", &c.voice_sha256},
      {"evidence", &c.evidence},
      {"evidence_sha256", &c.evidence_sha256}};
  for (const auto& [key, text] : optional)
    if (!text->empty()) out[key] = *text;
  weights::write_document(folder, "consent", out);
}

Consent stored_consent(const weights::PackVoice& voice) {
  fs::path file;
  json document;
  try {
    document = weights::read_document(voice.folder, "consent", file);
  } catch (const Error& e) {
    throw Error(Code::kConsentInvalid, e.message(), e.where());
  }
  if (file.empty())
    throw Error(Code::kNoConsent, fmt::format("voice \"{}\" has no consent record", voice.name),
                Where{.file = voice.folder.string()}, {"register the voice again, with a consent"});
  Consent out;
  Fields fields;
  describe_stored(out, fields);
  try {
    if (!document.is_object()) invalid("consent is no table");
    fields_from_json(fields, document, kInvalid);
    check_fields(out);
  } catch (const Error& e) {
    throw e.with_file(file.string());
  }
  if (!out.covers(kVoice))
    throw Error(Code::kConsentInvalid, "the scope of the consent lacks voice",
                Where{.file = file.string()}, {"register the voice again, with a consent"});
  const auto belongs = [&](const std::string& hash) {
    return std::find(out.files.begin(), out.files.end(), hash) != out.files.end();
  };
  if ((voice.prompt && !belongs(voice.prompt->sha256)) ||
      (voice.rvc && !belongs(voice.rvc->sha256)))
    throw Error(Code::kConsentForeign, "consent is for another voice", Where{.file = file.string()},
                {"register the voice again, with a consent"});
  return out;
}

void check_voice_consent(const weights::PackVoice& voice, Date day) {
  if (voice.folder.empty()) return;
  const Consent consent = stored_consent(voice);
  try {
    check_dates(consent, day);
  } catch (const Error& e) {
    throw Error(e.code(), e.message(), Where{.file = voice.folder.string()},
                {fmt::format("voxlip voices add {} --overwrite, with a new consent", voice.name)});
  }
}

ConsentRecord consent_record(const Consent& c) {
  ConsentRecord out{.kind = c.kind, .voice = c.sha256()};
  if (c.kind == kStatement) out.statement = statement_of(c);
  return out;
}

ConsentRecord consent_record(const weights::PackVoice& voice) {
  return voice.folder.empty() ? ConsentRecord{.kind = "pack"}
                              : consent_record(stored_consent(voice));
}

ConsentRecord job_consent(const ConsentOptions& o, const weights::PackVoice* voice,
                          const std::vector<std::string>& files, Date day) {
  ConsentRecord out = voice != nullptr ? consent_record(*voice) : ConsentRecord{};
  if (!o.given()) return out;
  const auto consent = voice_consent(o, voice != nullptr ? hashes_of(*voice) : files, day);
  if (consent && out.kind != "pack") out = consent_record(*consent);
  for (const Consent& c : given_consents(o, day))
    if (c.covers(kFace)) out.face = c.sha256();
  return out;
}

}  // namespace vl::dub
