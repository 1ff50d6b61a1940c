/* test_format.c - figures for human eyes, names, UTF-8, address ranges. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/address_map.h"
#include "viewer/demangle.h"
#include "viewer/format.h"
#include "viewer/own_code.h"
#include "viewer/utf8.h"

static void same(struct human human, const char *expected) {
  cr_assert_str_eq(human.text, expected, "%s instead of %s", human.text, expected);
}

Test(format, bytes_have_three_digits_and_powers_of_1024) {
  same(format_bytes(0), "0 B");
  same(format_bytes(1023), "1023 B");
  same(format_bytes(1024), "1.00 KiB");
  same(format_bytes(10229), "9.99 KiB");
  same(format_bytes(1047552), "1023 KiB");
  same(format_bytes(1048575), "1.00 MiB");
  same(format_bytes(UINT64_MAX), "16.0 EiB");
  same(format_byte_seconds(0), "0 B·s");
  same(format_byte_seconds(1.5 * 1024 * 1024), "1.50 MiB·s");
  same(format_byte_seconds(0.25), "0.25 B·s");
}

Test(format, durations_change_their_unit_where_rounding_says_so) {
  same(format_duration(0), "0 ns");
  same(format_duration(999), "999 ns");
  same(format_duration(999.6), "1.00 µs");
  same(format_duration(18.34e6), "18.3 ms");
  same(format_duration(999.6e6), "1.00 s");
  same(format_duration(59.94e9), "59.9 s");
  same(format_duration(59.97e9), "1 min 00 s");
  same(format_duration(3599.6e9), "1 h 00 min");
  same(format_duration(7380e9), "2 h 03 min");
}

Test(format, counts_have_separators) {
  same(format_count(0), "0");
  same(format_count(999), "999");
  same(format_count(1000), "1,000");
  same(format_count(1234567), "1,234,567");
  same(format_blocks(1), "1 block");
  same(format_blocks(0), "0 blocks");
}

Test(format, rates_have_three_digits_and_slow_ones_another_unit) {
  same(format_rate(48213), "48,200/s");
  same(format_rate(1234567), "1,230,000/s");
  same(format_rate(999.6), "1,000/s");
  same(format_rate(10.14), "10.1/s");
  same(format_rate(0.5), "0.50/s");
  same(format_rate(0.05), "3.00 a minute");
  same(format_rate(0.001), "3.60 an hour");
  same(format_rate(0), "0/s");
  same(format_factor(1.0432), "1.04");
  same(format_factor(4.83), "4.8");
  same(format_factor(78.66), "78.7");
  same(format_factor(1234.5), "1,230");
}

Test(format, shares_are_all_or_nothing_only_when_they_are) {
  same(format_share(0, 7), "0%");
  same(format_share(7, 7), "100%");
  same(format_share(6.9999, 7), ">99.9%");
  same(format_share(0.0001, 7), "<0.1%");
  same(format_share(1, 8), "12.5%");
  same(format_share(1, 0), "-");
}

Test(format, ratios_and_comparisons_name_what_came_and_went) {
  same(format_ratio(0, 0), "-");
  same(format_ratio(0, 1), "new");
  same(format_ratio(1, 0), "gone");
  same(format_ratio(100, 101), "×1.01");
  same(format_ratio(100, 8.1), "×0.081");
  same(format_ratio(100, 0.001), "×<0.001");
  same(format_ratio(1, 12345), "×12,345");
  same(format_comparison(7, 7), "the same");
  same(format_comparison(1000, 1001), "about the same");
  same(format_comparison(100, 92), "8% less");
  same(format_comparison(100, 108), "8% more");
  same(format_comparison(124, 10), "12.4 times less");
  same(format_comparison(1, 1000), "1,000 times more");
  same(format_comparison(0, 1), "none before");
  same(format_comparison(1, 0), "none any more");
}

Test(format, a_lifetime_is_a_duration_or_a_share) {
  double share, ns;
  cr_assert_eq(format_parse_lifetime("200ms", &share, &ns), 0);
  cr_assert_eq(ns, 200e6);
  cr_assert_eq(format_parse_lifetime("1.5 s", &share, &ns), 0);
  cr_assert_eq(ns, 1.5e9);
  cr_assert_eq(format_parse_lifetime("10%", &share, &ns), 0);
  cr_assert_eq(share, 0.1);
  cr_assert_eq(ns, 0);
  static const char *const wrong[] = {"", "5", "ms", "-1s", "101%", "1 year", "nan s", "inf%"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    cr_assert_eq(format_parse_lifetime(wrong[i], &share, &ns), -EINVAL, "'%s'", wrong[i]);
}

static void demangles(const char *name, const char *readable) {
  char *text = demangle_name(name);
  cr_assert(text, "%s", name);
  cr_assert_str_eq(text, readable);
  free(text);
}

Test(demangle, names_of_cplusplus_and_rust_become_readable) {
  demangles("_ZN5story4sendEPFvvEi", "story::send");
  demangles("_Znwm", "operator new");
  demangles("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad");
  demangles("_RNvCs1234_7mycrate3foo", "mycrate::foo");
  cr_assert_null(demangle_name("malloc"));
}

static void shortens(const char *name, const char *expected) {
  char text[256];
  cr_assert_str_eq(demangle_shorten(name, text, sizeof text), expected);
}

Test(demangle, arguments_of_templates_are_left_out_where_space_is_short) {
  shortens("std::vector<int, std::allocator<int> >::push_back", "std::vector<…>::push_back");
  shortens("operator<<", "operator<<");
  shortens("std::operator<< <std::char_traits<char> >", "std::operator<< <std::char_traits<…> >");
  shortens("<alloc::vec::Vec<u8> as core::clone::Clone>::clone",
           "<alloc::vec::Vec<…> as core::clone::Clone>::clone");
  shortens("core::iter::Iterator::collect::<Vec<u8>>", "core::iter::Iterator::collect::<…>");
  shortens("broken<name", "broken<name");
}

Test(demangle, a_name_longer_than_the_room_is_cut) {
  char text[6];
  cr_assert_str_eq(demangle_shorten("abcdefgh", text, sizeof text), "abcde");
  cr_assert_str_eq(demangle_shorten("abcd<x>", text, sizeof text), "abcd");
}

Test(own_code, runtimes_and_wrappers_of_malloc_are_internals) {
  cr_assert(own_code_is_library("/lib/x86_64-linux-gnu/libc.so.6", "qsort", NULL, false));
  cr_assert(own_code_is_library("/home/me/program", "operator new", NULL, false));
  cr_assert(own_code_is_library("/home/me/program", "std::vector<int>::push_back", NULL, false));
  cr_assert(own_code_is_library("/home/me/program", "xmalloc", NULL, false));
  cr_assert(own_code_is_library("/home/me/program", "run", "/rustc/abc/library/core/x.rs", false));
  cr_assert_not(own_code_is_library("/home/me/program", "message_alloc", "message.c", false));
  cr_assert_not(own_code_is_library("/home/me/program", NULL, NULL, false));
  cr_assert_not(own_code_is_library("/usr/local/lib/libproducer.so", "producer_send_message",
                                    "ffi.c", false));
}

Test(own_code, libraries_of_the_system_are_internals_unless_the_program_is_of_the_system) {
  cr_assert(own_code_is_library("/usr/lib/libjq.so.1", "jv_parse", NULL, false));
  cr_assert_not(own_code_is_library("/usr/lib/libjq.so.1", "jv_parse", NULL, true));
}

static void repairs(const char *text, const char *expected) {
  char *repaired = utf8_repaired(text);
  cr_assert_str_eq(repaired, expected);
  free(repaired);
}

Test(utf8, sound_text_stays_and_unsound_bytes_are_replaced) {
  repairs("plain é ∞ 🦀", "plain é ∞ 🦀");
  repairs("caf\xe9", "caf\xef\xbf\xbd");
  repairs("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
  repairs("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
  repairs("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  repairs("cut \xe2\x88", "cut \xef\xbf\xbd\xef\xbf\xbd");
}

Test(address_map, the_narrowest_range_that_holds_an_address_is_found) {
  struct address_map map = {0};
  address_map_add(&map, 100, 200, 1);
  address_map_add(&map, 300, 400, 2);
  address_map_add(&map, 100, 1000, 3);
  address_map_add(&map, 150, 160, 4);
  address_map_add(&map, 50, 50, 5);
  address_map_sort(&map);
  cr_assert_eq(map.count, 4);
  cr_assert_eq(address_map_find(&map, 99), SIZE_MAX);
  cr_assert_eq(address_map_find(&map, 100), 1);
  cr_assert_eq(address_map_find(&map, 155), 4);
  cr_assert_eq(address_map_find(&map, 160), 1);
  cr_assert_eq(address_map_find(&map, 200), 3);
  cr_assert_eq(address_map_find(&map, 399), 2);
  cr_assert_eq(address_map_find(&map, 999), 3);
  cr_assert_eq(address_map_find(&map, 1000), SIZE_MAX);
  address_map_free(&map);
}
