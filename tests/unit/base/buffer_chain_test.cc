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

TEST(Buffer, zeros_are_known_as_such_and_take_no_block) {
    const Buffer zeros = Buffer::zeros(Buffer::zeros_max);
    EXPECT_TRUE(zeros.known_zeros());
    for (const uint8_t byte : zeros.span()) ASSERT_EQ(byte, 0);
    EXPECT_EQ(Buffer::zeros(3).size(), 3u);
    EXPECT_EQ(Buffer::zeros(3).data(), zeros.data());
    EXPECT_TRUE(Buffer::zeros(0).empty());
    EXPECT_FALSE(Buffer::copy_of(zeros.span()).known_zeros());
    EXPECT_FALSE(Buffer().known_zeros());
}

}  // namespace
}  // namespace quern
