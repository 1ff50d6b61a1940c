/* cfi_x86_64.h - unwind rules from the loaded .eh_frame: how the frame of one pc gives its
 * caller's.
 *
 * Only what a simple rule can say; all else is CFI_HARD and left to libgcc's unwinder. Reads the
 * tables that ld.so has mapped; takes no lock, makes no system call, allocates nothing.
 * Source: System V ABI AMD64 (DWARF register numbers), LSB 5 "Exception Frames", DWARF 4
 * section 6.4.
 */
#ifndef DWELL_CFI_X86_64_H
#define DWELL_CFI_X86_64_H

#include <stdint.h>

enum cfi_kind {
  CFI_NONE = 0, /* not a rule (an empty place of a cache) */
  CFI_SP,       /* CFA = sp + cfa */
  CFI_BP,       /* CFA = bp + cfa */
  CFI_BP_DEREF, /* CFA = *(bp + cfa): functions that realign their stack */
  CFI_END,      /* the outermost frame: it has no caller */
  CFI_HARD,     /* no unwind table, a signal's frame, an expression, another register */
};

/* The return address is at CFA - 8. */
struct cfi_rule {
  int32_t cfa;
  int16_t bp; /* the caller's bp: saved at CFA + bp (CFI_BP_DEREF: at bp + bp); CFI_BP_SAME: kept */
  uint16_t kind;
};
#define CFI_BP_SAME INT16_MAX

/* The rule of the frame that a return address lies in. */
struct cfi_rule cfi_rule_of(uint64_t return_address);

#endif
