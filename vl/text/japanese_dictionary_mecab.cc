#include <mecab.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "vl/core/error.h"
#include "vl/text/japanese_dictionary.h"

namespace vl::text {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles[] = {"char.bin", "matrix.bin", "sys.dic", "unk.dic"};

/// Bytes that MeCab reads at once: its time grows with the square of a run of one script. The
/// public program's buffer ends here.
constexpr size_t kLongest = 8190;

constexpr const char* kSettings = "bos-feature = BOS/EOS,*,*,*,*,*,*,*,*\n";

/// A temporary folder of links to a dictionary beside a dicrc: libmecab insists on that file, which
/// dictionaries for Open JTalk lack. MeCab needs it only while it loads.
class CompletedFolder {
 public:
  explicit CompletedFolder(const fs::path& dictionary) {
    std::error_code failed;
    const fs::path parent = fs::temp_directory_path(failed);
    std::string name = (parent / "voxlip-dictionary-XXXXXX").string();
    if (!failed && mkdtemp(name.data()) != nullptr) {
      path_ = name;
      for (const char* file : kFiles)
        if (!failed) fs::create_symlink(fs::absolute(dictionary) / file, path_ / file, failed);
      if (!failed && (std::ofstream(path_ / "dicrc") << kSettings)) return;
      fs::remove_all(path_, failed);
    }
    throw Error(Code::kNotWritable, "links to the Japanese dictionary cannot be made",
                Where{.file = parent.string(), .detail = "the system's temporary folder"},
                {"set TMPDIR to a folder that can be written"});
  }
  ~CompletedFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  CompletedFolder(const CompletedFolder&) = delete;
  CompletedFolder& operator=(const CompletedFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::unique_ptr<const MeCab::Model> open_model(const fs::path& folder) {
  // The user's own mecabrc must not change the words.
  const std::string path = folder.string();
  const char* arguments[] = {"mecab", "-r", "/dev/null", "-d", path.c_str()};
  return std::unique_ptr<const MeCab::Model>(
      MeCab::createModel(std::size(arguments), const_cast<char**>(arguments)));
}

bool is_utf8(const std::string& charset) {
  return charset == "UTF-8" || charset == "utf-8" || charset == "UTF8" || charset == "utf8";
}

void append_words(const MeCab::Model& model, std::string_view text, std::vector<std::string>& out) {
  const std::unique_ptr<MeCab::Tagger> tagger(model.createTagger());
  const std::unique_ptr<MeCab::Lattice> lattice(model.createLattice());
  lattice->set_sentence(text.data(), text.size());
  if (!tagger->parse(lattice.get()))
    fail(Code::kBadLexicon, "MeCab cannot split the Japanese text: {}", lattice->what());
  for (const MeCab::Node* node = lattice->bos_node(); node != nullptr; node = node->next)
    if (node->stat != MECAB_BOS_NODE && node->stat != MECAB_EOS_NODE)
      out.push_back(std::string(node->surface, node->length) + "," + node->feature);
}

}  // namespace

struct JapaneseDictionary::Model {
  std::unique_ptr<const MeCab::Model> mecab;
};

JapaneseDictionary::JapaneseDictionary(const std::string& folder) {
  const fs::path path = folder;
  for (const char* file : kFiles)
    if (std::error_code ignored; !fs::is_regular_file(path / file, ignored))
      throw Error(Code::kNotFound, fmt::format("no Japanese dictionary: {} is missing", file),
                  Where{.file = folder},
                  {"run 'make setup', or install the package open-jtalk-mecab-naist-jdic"});
  std::unique_ptr<const MeCab::Model> mecab;
  if (fs::is_regular_file(path / "dicrc"))
    mecab = open_model(path);
  else
    mecab = open_model(CompletedFolder(path).path());
  if (mecab == nullptr)
    throw Error(Code::kBadLexicon,
                fmt::format("MeCab refuses the dictionary: {}", MeCab::getLastError()),
                Where{.file = folder}, {"install open-jtalk-mecab-naist-jdic again"});
  const std::string charset = mecab->dictionary_info()->charset;
  if (!is_utf8(charset))
    throw Error(Code::kBadLexicon,
                fmt::format("the Japanese dictionary is in {}, not UTF-8", charset),
                Where{.file = folder});
  auto model = std::make_unique<Model>();
  model->mecab = std::move(mecab);
  model_ = std::move(model);
}
JapaneseDictionary::~JapaneseDictionary() = default;

std::vector<std::string> JapaneseDictionary::words(const std::string& text) const {
  std::vector<std::string> out;
  for (size_t begin = 0, end; begin < text.size(); begin = end) {
    end = std::min(begin + kLongest, text.size());
    while (end < text.size() && (text[end] & '\xC0') == '\x80') --end;
    append_words(*model_->mecab, std::string_view(text).substr(begin, end - begin), out);
  }
  return out;
}

}  // namespace vl::text
