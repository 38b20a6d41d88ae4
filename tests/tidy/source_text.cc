#include "tests/tidy/source_text.h"

namespace quern::tidy {

namespace {

bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Walks over one text and copies what is code.
class Stripper {
public:
    explicit Stripper(std::string_view text) : text_(text) {}

    std::string run() {
        while (at_ < text_.size()) {
            if (starts("//")) {
                blank_until("\n", false);
            } else if (starts("/*")) {
                blank_until("*/", true);
            } else if (starts("R\"") && !joined()) {
                raw_literal();
            } else if (text_[at_] == '"' || (text_[at_] == '\'' && !joined())) {
                literal(text_[at_]);
            } else {
                out_ += text_[at_++];
            }
        }
        return std::move(out_);
    }

private:
    bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }
    // A quote after a digit separates digits; an R after a letter is no prefix.
    bool joined() const { return at_ > 0 && is_word_character(text_[at_ - 1]); }

    void blank_until(std::string_view end, bool included) {
        size_t stop = text_.find(end, at_);
        if (stop == std::string_view::npos) stop = text_.size();
        if (included && stop < text_.size()) stop += end.size();
        for (; at_ < stop; ++at_)
            out_ += text_[at_] == '\n' ? '\n' : ' ';
    }
    void literal(char quote) {
        out_ += quote;
        for (++at_; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; ++at_) {
            if (text_[at_] == '\\') ++at_;
        }
        out_ += quote;
        if (at_ < text_.size()) ++at_;
    }
    void raw_literal() {
        const size_t open = text_.find('(', at_);
        if (open == std::string_view::npos) {
            out_ += text_[at_++];
            return;
        }
        std::string end = ")";
        end += text_.substr(at_ + 2, open - at_ - 2);
        end += "\"";
        out_ += "\"\"";
        blank_until(end, true);
    }

    std::string_view text_;
    size_t at_ = 0;
    std::string out_;
};

}  // namespace

std::string strip_comments_and_literals(std::string_view text) { return Stripper(text).run(); }

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return lines;
}

bool contains_word(std::string_view line, std::string_view word) {
    for (size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
        const bool joined_before = at > 0 && is_word_character(line[at - 1]);
        const size_t end = at + word.size();
        const bool joined_after = end < line.size() && is_word_character(line[end]);
        if (joined_before && is_word_character(word.front())) continue;
        if (joined_after && is_word_character(word.back())) continue;
        return true;
    }
    return false;
}

std::vector<Include> find_includes(std::string_view text) {
    std::vector<Include> found;
    size_t number = 0;
    for (std::string_view line : split_lines(text)) {
        ++number;
        if (!line.starts_with("#include ")) continue;
        line.remove_prefix(9);
        if (line.size() < 2) continue;
        const bool quoted = line.front() == '"';
        const size_t end = line.find(quoted ? '"' : '>', 1);
        if (end == std::string_view::npos) continue;
        found.push_back({std::string(line.substr(1, end - 1)), quoted, number});
    }
    return found;
}

}  // namespace quern::tidy
