#include "apps/voxlip/verb.h"
namespace vl::app {
std::unique_ptr<Verb> make_dub() { return make_models_list(); }
}  // namespace vl::app
