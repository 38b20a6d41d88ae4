#include <gtest/gtest.h>

#include "system/base/buffer.h"

namespace quern {
namespace {

BufferChain chain_of(std::initializer_list<std::string_view> parts) {
    BufferChain chain;
    for (const std::string_view part : parts) chain.append(Buffer::copy_of(part));
    return chain;
}

TEST(BufferChain, a_chain_that_is_appended_whole_is_empty_afterwards) {
    for (BufferChain to : {BufferChain(), chain_of({"ab"})}) {
        const size_t before = to.size();
        BufferChain from = chain_of({"cd", "efg"});
        to.append(std::move(from));
        EXPECT_TRUE(from.empty());  // NOLINT: moved from
        EXPECT_TRUE(from.parts().empty());
        EXPECT_EQ(to.size(), before + 5);
        EXPECT_EQ(to.flatten().text().substr(before), "cdefg");
    }
}

TEST(BufferChain, parts_are_shared_by_copies_and_taken_whole) {
    BufferChain one = chain_of({"ab", "", "cd"});
    ASSERT_EQ(one.parts().size(), 2U);
    BufferChain other;
    other.append(one);
    EXPECT_EQ(other.parts()[0].data(), one.parts()[0].data());
    const std::vector<Buffer> taken = one.take();
    EXPECT_TRUE(one.empty());
    EXPECT_TRUE(one.parts().empty());
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_EQ(taken[1].text(), "cd");
    EXPECT_EQ(other.size(), 4U);
}

}  // namespace
}  // namespace quern
