/* Has libc load and unload modules of its own, without a dlclose that anybody could see: converters
 * (gconv). The first allocates 16103 when it is loaded; libc unloads it when others were used a few
 * times; the second, of the same shape, comes to its place and allocates 16103 as well. */
#include <iconv.h>

#include "say.h"

static void convert(const char *from) {
  iconv_t converter = iconv_open("UTF-8", from);
  NEED(converter != (iconv_t)-1);
  NEED(iconv_close(converter) == 0);
}

static int loaded(const char *name) {
  char line[4096];
  int found = 0;
  FILE *maps = fopen("/proc/self/maps", "re");
  NEED(maps);
  while (fgets(line, sizeof(line), maps))
    found |= strstr(line, name) != NULL;
  fclose(maps);
  return found;
}

int main(void) {
  convert("DWELL-ONE//");
  NEED(loaded("gconv_one.so"));
  for (int i = 0; i < 8; i++)
    convert(i % 2 ? "UTF-16//" : "UTF-32//");
  NEED(!loaded("gconv_one.so"));
  convert("DWELL-TWO//");
  NEED(loaded("gconv_two.so"));
  say("done\n");
  return 0;
}
