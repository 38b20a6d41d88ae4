// What names and attributes may be. Checked at the balancer for a good error, and again in apply.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "system/base/result.h"
#include "system/metadata/types.h"

namespace quern::metadata {

Result<void> validate_queue_name(std::string_view name);
Result<void> validate_user_name(std::string_view name);
Result<void> validate_account(std::string_view account);
// Ranges of contract.md; the error names the attribute, the limit and the actual value.
Result<void> validate_attributes(const QueueAttributes& attributes);
Result<void> validate_tags(const std::map<std::string, std::string>& tags);
Result<void> validate_grant(const Grant& grant);
// Of an access key: 3 to 128 of A-Z a-z 0-9 _ for the id, and a sealed secret of bounded size.
Result<void> validate_access_key(const AccessKey& key);
Result<void> validate_host(std::string_view host);

// Names and bits of the attributes, for SetQueueAttributes::mask, CLI and error texts.
struct AttributeInfo {
    std::string_view name;  // snake_case, as in the CLI: "visibility_ms"
    uint32_t bit;
    int64_t minimum;
    int64_t maximum;
};
const std::vector<AttributeInfo>& attribute_table();
uint32_t attribute_mask_all();
// `base` with the attributes of `mask` taken from `changes`.
QueueAttributes merge_attributes(const QueueAttributes& base, const QueueAttributes& changes,
                                 uint32_t mask);
// Reads or writes one attribute as an integer by its table row.
int64_t attribute_value(const QueueAttributes& attributes, const AttributeInfo& info);
void set_attribute_value(QueueAttributes& attributes, const AttributeInfo& info, int64_t value);

}  // namespace quern::metadata
