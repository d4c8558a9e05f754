#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vl/core/date.h"
#include "vl/dub/options.h"
#include "vl/dub/record.h"
#include "vl/weights/packs.h"

namespace vl::dub {

/// What somebody agreed to (spec dub.md section 14): the use of their voice, their face, or both.
struct Consent {
  std::string kind = "file";              ///< file, or statement of the command line
  std::string subject, date, purpose;     ///< who, when (YYYY-MM-DD), what for
  std::vector<std::string> scope;         ///< of "voice" and "face"
  std::string expires;                    ///< the last day; empty: no end
  std::string voice_sha256;               ///< of prompt sound or RVC model; empty: any voice
  std::string evidence, evidence_sha256;  ///< name of a file and its hash; empty: none
  std::vector<std::string> files = {};    ///< hashes of the registered voice that it is stored with

  bool covers(const std::string& what) const;
  /// SHA-256 of the canonical JSON of all that was agreed to; `files` do not belong to it.
  std::string sha256() const;
};

/// A consent file: TOML, or JSON where its name ends in .json. Its evidence is looked for beside it
/// and hashed.
/// @throws Error(kConsentInvalid) with the line for a file that is malformed, lacks a field, has a
/// wrong one, is dated ahead or has expired; Error(kNotFound)
Consent read_consent(const std::string& path, Date day = today());

/// `NAME, DATE, PURPOSE`: the first date between two commas parts name and purpose, which may hold
/// commas themselves. Covers the voice. @throws Error(kConsentInvalid)
Consent parse_consent(const std::string& statement, Date day = today());

/// The record for a voice among those that were given, bound to it: a record that names no voice
/// gets the first hash. Nothing when none of them covers a voice.
/// @param voice SHA-256 of the voice's prompt sound and of its RVC model, as far as it has them
/// @throws Error(kConsentForeign) when all records for a voice name another one; as read_consent
std::optional<Consent> voice_consent(const ConsentOptions& options,
                                     const std::vector<std::string>& voice, Date day = today());

/// Writes consent.toml into the folder of a voice.
void write_consent(const Consent& consent, const std::filesystem::path& folder);
/// The record stored with a voice of the user, whatever its date.
/// @throws Error(kNoConsent) `voice "mina" has no consent record`; Error(kConsentInvalid) for a
/// damaged one; Error(kConsentForeign) for that of another voice
Consent stored_consent(const weights::PackVoice& voice);
/// May this voice be used on that day? Voices of packs carry their licence instead.
/// @throws as stored_consent; Error(kConsentInvalid) after its last day
void check_voice_consent(const weights::PackVoice& voice, Date day = today());

/// What results say of a consent, and of a registered voice or one of a pack.
ConsentRecord consent_record(const Consent& consent);
ConsentRecord consent_record(const weights::PackVoice& voice);
/// What the result of a job says: a record that was given for this voice, else the stored one or
/// the pack; and the record given for the face.
/// @param voice null: an ad-hoc voice, whose record must be given, else the kind is "none"
/// @param files hashes of the ad-hoc voice, as for voice_consent
/// @throws as voice_consent
ConsentRecord job_consent(const ConsentOptions& options, const weights::PackVoice* voice,
                          const std::vector<std::string>& files, Date day = today());

}  // namespace vl::dub
