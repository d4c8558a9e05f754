#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace vl::weights {

/// Element types of torch storages. kOther: a type that no model here uses (complex, quantised,
/// untyped); only its width is known.
enum class ElementType {
  kFloat,
  kHalf,
  kBFloat16,
  kDouble,
  kLong,
  kInt,
  kShort,
  kChar,
  kByte,
  kBool,
  kOther
};

/// A torch storage that a pickle names: where its bytes are is known to the container.
struct StorageNode {
  std::string key;
  ElementType type = ElementType::kFloat;
  int64_t element_bytes = 4;
  int64_t count = 0;
  int64_t viewed = 0;  ///< elements of all tensors on it

  /// Bytes of all elements; the machine has checked that they fit.
  uint64_t bytes() const {
    return static_cast<uint64_t>(count) * static_cast<uint64_t>(element_bytes);
  }
};

struct PickleNode;

/// A tensor as pickled: offset, sizes and strides in elements lie inside its storage.
struct TensorNode {
  const StorageNode* storage = nullptr;
  int64_t offset = 0;
  std::vector<int64_t> sizes, strides;
};

/// One object of a pickle. Nodes are owned by the machine's arena and may be shared and even
/// cyclic.
struct PickleNode {
  enum class Kind {
    kNone,
    kBool,
    kInt,
    kBigInt,
    kFloat,
    kText,
    kList,
    kDict,
    kGlobal,
    kObject,
    kStorage,
    kTensor,
    kOpaque
  };
  Kind kind = Kind::kNone;
  bool truth = false;
  int64_t integer = 0;
  double real = 0.0;
  std::string text;                ///< kText, kBigInt (little-endian bytes), names of globals
  std::vector<PickleNode*> items;  ///< kList
  std::vector<std::pair<PickleNode*, PickleNode*>> pairs;  ///< kDict, and the attributes of kObject
  std::unique_ptr<StorageNode> storage;                    ///< kStorage
  std::unique_ptr<TensorNode> tensor;                      ///< kTensor
};

/// A restricted pickle interpreter, protocols 0 to 5. Nothing is executed: tensors, storages,
/// OrderedDict and a few plain types are understood, every other global becomes an inert kOpaque
/// (TorchScript classes a kObject), and globals that could do harm are refused. Memory is bounded
/// by a fixed amount plus a multiple of the input's length, work by the length.
/// @throws Error(kNotACheckpoint, kTruncatedModel, kUnsafeModel) naming the byte offset
class PickleMachine {
 public:
  /// @param name the file's name for messages
  explicit PickleMachine(std::string name) : name_(std::move(name)) {}

  /// Runs one pickle from `data[at]`; `at` is moved behind its STOP. Nodes live as long as the
  /// machine.
  PickleNode* load(const char* data, size_t size, size_t& at);

  const std::set<std::string>& globals() const { return globals_; }
  /// Every storage named so far, by key.
  const std::map<std::string, PickleNode*>& storages() const { return storages_; }

 private:
  struct Reader;
  using Nodes = std::vector<PickleNode*>;

  PickleNode* make(PickleNode::Kind kind);
  PickleNode* text_node(PickleNode::Kind kind, std::string text);
  PickleNode* constant(PickleNode::Kind kind, bool truth = false);
  PickleNode* int_node(int64_t value);
  PickleNode* big_node(const char* bytes, size_t n);
  PickleNode* decimal_node(const std::string& line);
  PickleNode* global_node(const std::string& module, const std::string& name);
  PickleNode* storage_node(const PickleNode* id);
  PickleNode* reduce(const PickleNode* callable, const PickleNode* args);
  PickleNode* tensor_node(const Nodes& args);
  void account_view(StorageNode& storage, int64_t elements);
  PickleNode* plain_type(const std::string& name, const Nodes& args);
  PickleNode* ordered_dict(const Nodes& args);
  void build(PickleNode* object, const PickleNode* state);

  bool step_literal(uint8_t op, Reader& in);
  bool step_text(uint8_t op, Reader& in);
  bool step_container(uint8_t op);
  bool step_object(uint8_t op, Reader& in);
  bool step_memo(uint8_t op, Reader& in);

  PickleNode* pop();
  PickleNode* top();
  Nodes pop_to_mark();
  void push(PickleNode* node) { stack_.push_back(node); }
  void set_pairs(PickleNode* dict, const Nodes& flat);
  /// Counts memory that a few bytes of input can ask for again and again.
  void charge(uint64_t bytes);
  [[noreturn]] void fail(const std::string& what) const;

  std::string name_;
  size_t where_ = 0;
  uint64_t spent_ = 0, budget_ = 0;
  std::deque<PickleNode> arena_;
  std::array<PickleNode*, 256> small_ints_ = {};
  std::array<PickleNode*, 3> constants_ = {};
  Nodes stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleNode*> memo_;
  std::set<std::string> globals_;
  std::map<std::string, PickleNode*> storages_;
};

}  // namespace vl::weights
