#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace vl::weights {

/// Element types of torch storages.
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
  kBool
};
int64_t element_size(ElementType type);

/// A torch storage that a pickle names: where its bytes are is known to the container.
struct StorageNode {
  std::string key;
  ElementType type = ElementType::kFloat;
  int64_t count = 0;
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
  StorageNode storage;                                     ///< kStorage
  PickleNode* of = nullptr;                                ///< kTensor: its storage
  int64_t offset = 0;                                      ///< kTensor, in elements
  std::vector<int64_t> sizes, strides;                     ///< kTensor
};

/// A restricted pickle interpreter, protocols 0 to 5. Nothing is executed: tensors, storages,
/// OrderedDict and a few plain types are understood, every other global becomes an inert kOpaque
/// (TorchScript classes a kObject), and globals that could do harm are refused. Work and memory are
/// bounded by the input's length.
/// @throws Error(kNotACheckpoint, kTruncatedModel, kUnsafeModel) naming the byte offset
class PickleMachine {
 public:
  /// @param name the file's name for messages
  explicit PickleMachine(std::string name) : name_(std::move(name)) {}
  ~PickleMachine();

  /// Runs one pickle from `data[at]`; `at` is moved behind its STOP. Nodes live as long as the
  /// machine.
  PickleNode* load(const char* data, size_t size, size_t& at);

  const std::set<std::string>& globals() const { return globals_; }
  /// Every storage named so far, by key.
  const std::map<std::string, PickleNode*>& storages() const { return storages_; }

 private:
  struct Reader;
  PickleNode* make(PickleNode::Kind kind);
  PickleNode* text_node(std::string text);
  PickleNode* int_node(int64_t value);
  PickleNode* big_node(const char* bytes, size_t n);
  PickleNode* decimal_node(const std::string& line);
  PickleNode* global_node(const std::string& module, const std::string& name);
  PickleNode* storage_node(PickleNode* id);
  PickleNode* reduce(PickleNode* callable, PickleNode* args);
  PickleNode* tensor_node(const std::vector<PickleNode*>& args);
  PickleNode* ordered_dict(const std::vector<PickleNode*>& args);
  void build(PickleNode* object, PickleNode* state);

  bool step_literal(uint8_t op, Reader& in);
  bool step_text(uint8_t op, Reader& in);
  bool step_container(uint8_t op);
  bool step_object(uint8_t op, Reader& in);
  bool step_memo(uint8_t op, Reader& in);

  PickleNode* pop();
  PickleNode* top();
  std::vector<PickleNode*> pop_to_mark();
  void push(PickleNode* node);
  void set_pairs(PickleNode* dict, const std::vector<PickleNode*>& flat);
  /// Counts copied items: shared lists copied again and again must not make the work quadratic.
  void spend(size_t items);
  [[noreturn]] void fail(const std::string& what) const;

  std::string name_;
  size_t where_ = 0, spent_ = 0;
  std::deque<PickleNode> arena_;
  std::vector<PickleNode*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleNode*> memo_;
  std::set<std::string> globals_;
  std::map<std::string, PickleNode*> storages_;
};

}  // namespace vl::weights
