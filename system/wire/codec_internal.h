// Private to wire's .cc files: making and reading FlatBuffer heads.
//
// Reading goes in three steps: the Verifier (structure, depth, tables, alignment, identifier), then a
// Reader whose budget stops buffers that point at the same bytes many times over, then the checks of
// each message. A Reader remembers the first failure, so that decoders read straight through and ask
// once, at the end.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "system/base/buffer.h"
#include "system/base/limits.h"
#include "system/base/result.h"
#include "system/wire/frame_layout.h"

namespace quern::wire {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// --- making -----------------------------------------------------------------------------------------

// Ends the message; its size is a multiple of 8. The bytes move into the Buffer without a copy.
template <typename T>
Buffer finish(FlatBufferBuilder& builder, Offset<T> root, const char* identifier) {
    // A buffer is a multiple of its largest alignment long.
    builder.PreAlign(8, 8);
    builder.Finish(root, identifier);
    flatbuffers::DetachedBuffer bytes = builder.Release();
    QUERN_ASSERT(bytes.size() % 8 == 0);
    const ByteSpan span(bytes.data(), bytes.size());
    return Buffer::adopt(std::move(bytes), span);
}

inline Offset<flatbuffers::String> make_text(FlatBufferBuilder& builder, std::string_view text) {
    return builder.CreateString(text.data(), text.size());
}
inline Offset<flatbuffers::String> make_bytes(FlatBufferBuilder& builder, ByteSpan bytes) {
    return make_text(builder, as_text(bytes));
}

using Texts = flatbuffers::Vector<Offset<flatbuffers::String>>;
// One string for each element, as `text_of(element)` gives it.
template <typename Range, typename F>
Offset<Texts> make_texts(FlatBufferBuilder& builder, const Range& range, F text_of) {
    std::vector<Offset<flatbuffers::String>> offsets;
    offsets.reserve(range.size());
    for (const auto& element : range) offsets.push_back(make_text(builder, text_of(element)));
    return builder.CreateVector(offsets);
}
inline Offset<Texts> make_texts(FlatBufferBuilder& builder, const std::vector<std::string>& texts) {
    return make_texts(builder, texts, [](const std::string& text) { return std::string_view(text); });
}
// key, value, key, value, …
inline Offset<Texts> make_pairs(FlatBufferBuilder& builder,
                                const std::map<std::string, std::string>& pairs) {
    std::vector<Offset<flatbuffers::String>> offsets;
    offsets.reserve(pairs.size() * 2);
    for (const auto& [key, value] : pairs) {
        offsets.push_back(make_text(builder, key));
        offsets.push_back(make_text(builder, value));
    }
    return builder.CreateVector(offsets);
}
// One table for each element, as `make(builder, element)` writes it.
template <typename Table, typename Range, typename F>
Offset<flatbuffers::Vector<Offset<Table>>> make_tables(FlatBufferBuilder& builder,
                                                       const Range& range, F make) {
    std::vector<Offset<Table>> offsets;
    offsets.reserve(range.size());
    for (const auto& element : range) offsets.push_back(make(builder, element));
    return builder.CreateVector(offsets);
}

// A vector of `size` structs that the caller fills through `first` before building goes on. (The
// library's CreateUninitializedVectorOfStructs takes the size of a struct for its alignment.)
template <typename Struct>
Offset<flatbuffers::Vector<const Struct*>> make_structs(FlatBufferBuilder& builder, size_t size,
                                                        Struct** first) {
    return builder.CreateVectorOfStructs<Struct>(size, [first](size_t i, Struct* at) {
        if (i == 0) *first = at;
    });
}

// --- reading ----------------------------------------------------------------------------------------

// A verified root table. Holds an aligned copy of the head if it did not lie at a multiple of 8.
template <typename Table>
class Root {
public:
    // Errors: `failure` (protocol_error or corrupt).
    static Result<Root> read(ByteSpan head, const char* identifier,
                             ErrorCode failure = ErrorCode::protocol_error) {
        Root root;
        if (reinterpret_cast<uintptr_t>(head.data()) % 8 != 0) {
            root.copy_ = Buffer::copy_of(head);
            head = root.copy_.span();
        }
        flatbuffers::Verifier verifier(head.data(), head.size(), limits::flatbuffer_depth_max,
                                       limits::flatbuffer_tables_max, true);
        if (head.empty() || !verifier.VerifyBuffer<Table>(identifier)) {
            return fail(failure, std::string("the bytes are no valid ") + identifier + " message");
        }
        root.table_ = flatbuffers::GetRoot<Table>(head.data());
        return root;
    }
    const Table* operator->() const { return table_; }
    const Table& operator*() const { return *table_; }

private:
    Buffer copy_;
    const Table* table_ = nullptr;
};

class Reader {
public:
    // All strings and vectors read may be `head_bytes` long together.
    explicit Reader(size_t head_bytes) : budget_(head_bytes) {}

    bool ok() const { return failure_ == nullptr; }
    // The first failure: `reason` must be a literal.
    void require(bool condition, const char* reason) {
        if (!condition && failure_ == nullptr) failure_ = reason;
    }
    Failure failure(ErrorCode code = ErrorCode::protocol_error) const {
        QUERN_ASSERT(failure_ != nullptr);
        return fail(code, failure_);
    }

    std::string text(const flatbuffers::String* text) {
        if (text == nullptr || !charge(text->size(), 1)) return {};
        return text->str();
    }
    ByteSpan bytes(const flatbuffers::String* text) {
        if (text == nullptr || !charge(text->size(), 1)) return {};
        return {text->Data(), text->size()};
    }
    // Elements of a vector to be read; 0 for an absent one or if the budget is used up.
    template <typename T>
    size_t count(const flatbuffers::Vector<T>* vector, size_t count_max = SIZE_MAX) {
        if (vector == nullptr) return 0;
        require(vector->size() <= count_max, "a list is too long");
        // The verifier looks at where the length is, which may be less strictly aligned than what follows.
        const auto address = reinterpret_cast<uintptr_t>(vector->Data());
        require(vector->size() == 0 || address % alignof(std::remove_pointer_t<T>) == 0,
                "a list is not aligned");
        return charge(vector->size(), element_bytes<T>()) ? vector->size() : 0;
    }
    std::vector<std::string> texts(const Texts* texts_in) {
        std::vector<std::string> result(count(texts_in));
        for (size_t i = 0; i < result.size(); ++i) result[i] = text(texts_in->Get(index(i)));
        return result;
    }
    std::map<std::string, std::string> pairs(const Texts* texts_in) {
        std::map<std::string, std::string> result;
        const size_t size = count(texts_in);
        require(size % 2 == 0, "a key lacks its value");
        for (size_t i = 0; i + 1 < size; i += 2) {
            std::string key = text(texts_in->Get(index(i)));
            require(result.empty() || result.rbegin()->first < key, "keys are not in order");
            result.emplace_hint(result.end(), std::move(key), text(texts_in->Get(index(i + 1))));
        }
        return result;
    }
    // One value for each table, as `read(reader, table)` gives it.
    template <typename T, typename Table, typename F>
    std::vector<T> tables(const flatbuffers::Vector<Offset<Table>>* tables_in, F read) {
        std::vector<T> result;
        const size_t size = count(tables_in);
        result.reserve(size);
        for (size_t i = 0; i < size && ok(); ++i) result.push_back(read(*this, tables_in->Get(index(i))));
        return result;
    }
    // `value` as an enum whose last value is `last`.
    template <typename Enum>
    Enum in_range(uint8_t value, Enum last, const char* reason) {
        require(value <= static_cast<uint8_t>(last), reason);
        return ok() ? static_cast<Enum>(value) : Enum{};
    }

    static flatbuffers::uoffset_t index(size_t i) { return static_cast<flatbuffers::uoffset_t>(i); }

private:
    template <typename T>
    static constexpr size_t element_bytes() {
        if constexpr (std::is_pointer_v<T>) return sizeof(std::remove_pointer_t<T>);  // struct, inline
        return std::is_class_v<T> ? sizeof(flatbuffers::uoffset_t) : sizeof(T);  // Offset<…>, scalar
    }
    bool charge(size_t count, size_t element_bytes) {
        // Both factors are below 2^32.
        const size_t cost = count * element_bytes;
        require(cost <= budget_, "parts of the message overlap");
        if (!ok()) return false;
        budget_ -= cost;
        return true;
    }

    size_t budget_;
    const char* failure_ = nullptr;
};

// Hands out an attachment area piece by piece; everything must be used in the end.
class Pieces {
public:
    explicit Pieces(Buffer whole) : whole_(std::move(whole)) {}

    bool can_take(size_t size) const { return size <= whole_.size() - used_; }
    Buffer take(size_t size) {
        Buffer piece = whole_.slice(used_, size);
        used_ += size;
        return piece;
    }
    ByteSpan take_span(size_t size) {
        const ByteSpan piece = whole_.span().subspan(used_, size);
        used_ += size;
        return piece;
    }
    bool skip_padding() {
        const size_t padding = padded_bytes(used_) - used_;
        if (!can_take(padding)) return false;
        used_ += padding;
        return true;
    }
    bool all_taken() const { return used_ == whole_.size(); }

private:
    Buffer whole_;
    size_t used_ = 0;
};

}  // namespace quern::wire
