# The programs of `ordinary`; sourced by it. run_NAME runs one in a directory that has the inputs; $recorded stands
# before each command that is to be recorded.
# shellcheck shell=bash disable=SC2016,SC2086,SC2154

# What they work on, the same each time.
inputs() {
  perl -e '
    my $n = 12345;
    sub dice { $n = ($n * 1103515245 + 12345) % 2147483648; return int($n / 65536) % $_[0] }
    my @words = map { join "", map { chr(97 + dice(26)) } 1 .. 2 + dice(9) } 1 .. 3000;
    open my $text, ">", "text"; open my $json, ">", "lines.json"; open my $array, ">", "array.json";
    open my $sql, ">", "work.sql"; open my $c, ">", "work.c";
    print $array "["; print $sql "create table t(a integer primary key, b text, c int);begin;\n";
    for my $i (1 .. 30000) {
      my @line = map { $words[dice(3000)] } 1 .. 8;
      print $text "$i @line\n";
      my $object = "{\"id\":$i,\"name\":\"$line[0]\",\"tags\":[\"$line[1]\",\"$line[2]\"],\"n\":" . dice(1000) . "}";
      print $json "$object\n"; print $array $i > 1 ? "," : "", $object;
      print $sql "insert into t values($i, \"@line\", " . dice(500) . ");\n";
    }
    print $array "]";
    print $sql "commit;create index i on t(b);create index j on t(c);select c,count(*),max(b) from t group by c;
      update t set b = b || c where c % 3 = 0;select count(*) from t x join t y on x.c = y.c where x.a < 300;
      delete from t where c % 2;select count(*) from t where b like \"%abc%\";\n";
    print $c "struct s { int a, b; double c; };\n";
    for my $i (1 .. 700) {
      my ($k, $m) = (dice(1000), 1 + dice(9));
      print $c "static int f$i(struct s *p, int n) { int t = $k; for (int i = 0; i < n; i++) { p->a += i * t;" .
        " if (p->a % $m) t ^= p->b + i; else p->c *= $m.5; switch (t & 7) { case 1: t += $k; break; case 2: t *= 3;" .
        " break; default: t--; } } return t; }\n";
    }
    print $c "int main(void) { struct s p = {1, 2, 3}; int t = 0;\n", map({ "t += f$_(&p, t & 15);\n" } 1 .. 700), "return t; }\n";'
  cat >work.cc <<'CC'
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <vector>
int main() {
  std::map<std::string, std::vector<int>> all;
  for (int i = 0; i < 1000; i++) all[std::to_string(i % 97)].push_back(i);
  for (auto &[key, of] : all) std::sort(of.begin(), of.end(), std::greater<>());
  std::cout << std::regex_match(all.begin()->first, std::regex("[0-9]+")) << "\n";
}
CC
  gzip -k text
}

run_jq() { $recorded jq -c 'select(.n > 500) | {id, t: (.tags | join("-"))}' lines.json; }
run_jq-slurp() { $recorded jq 'group_by(.n) | map({n: .[0].n, count: length, names: map(.name)})' array.json; }
run_sqlite3() { $recorded sqlite3 :memory: <work.sql; }
run_perl() { $recorded perl -ne '$n{$_}++ for split; END { print "$_ $n{$_}\n" for sort keys %n }' text; }
run_perl-sort() { $recorded perl -e 'print sort { length $a <=> length $b or $a cmp $b } <>' text; }
run_python3() { $recorded python3 -c "$python"; }
run_python3-malloc() { PYTHONMALLOC=malloc $recorded python3 -c "$python"; }
python='
import collections, json, re
orders = [json.loads(line) for line in open("lines.json")]
names = collections.Counter(o["name"] for o in orders)
for o in orders: o["text"] = re.sub("[aeiou]", "", " ".join(o["tags"]))
print(len(json.dumps(orders)), names.most_common(3))'
run_cc1() { $recorded gcc -O2 -S -o /dev/null work.c; }
run_cc1plus() { $recorded g++ -std=c++17 -O1 -S -o /dev/null work.cc; }
run_gcc-link() { $recorded gcc -g -o work work.c; }
run_git() {
  export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
  mkdir repository && cd repository || return
  for i in $(seq 300); do sed "s/^/$i /;200q" ../text >"file$i"; done
  $recorded git init -q .
  $recorded git add .
  $recorded git commit -qm one
  sed -i 's/a/b/' file1*
  $recorded git diff
  $recorded git commit -qam two
  $recorded git log -p
  $recorded git gc -q --aggressive
  cd .. && $recorded git clone -q --no-local repository clone
}
run_redis-server() {
  local port
  port=$(free_port)
  background $recorded redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no
  local server=$pid
  await redis-cli -p "$port" ping
  redis-benchmark -p "$port" -q -n 40000 -c 20 -P 4 -r 5000 -d 100 -t set,get,incr,sadd,hset,zadd,mset
  redis-cli -p "$port" shutdown nosave
  wait "$server"
}
run_sort() { $recorded sort --parallel=1 -k3 text; }
run_sort-threads() { $recorded sort --parallel=4 -S 1M -k3 text; }
run_gzip() { $recorded gzip -c text; }
run_gunzip() { $recorded gzip -dc text.gz; }
run_xz() { $recorded xz -T2 -2 --block-size=256KiB -c text; }
run_tar() { $recorded tar -cJf - text lines.json work.c; }
run_grep() { $recorded grep -E '(ab|ba)[a-z]*q.* [0-9]*[a-z]+z$' text; }
run_find() { $recorded find /usr/include /usr/share -name '*.[hp]*' -size +8k -printf '%p %s\n'; }
run_sed() { $recorded sed -E 's/([a-z]+) ([a-z]+)/\2 \1/g' text; }
run_awk() { $recorded awk '{ for (i = 2; i <= NF; i++) n[$i]++ } END { for (w in n) print w, n[w] }' text; }
run_diff() { $recorded diff text <(sed 's/q/k/' text); }
run_bash() { $recorded bash -c 'n=0; while read -r a b c; do declare "v$((a % 500))=$b$c"; n=$((n + ${#b})); done <text; echo $n'; }
run_make() {
  printf 'all: %s\n' "$(echo o{1..40})" >makefile
  printf 'o%%: text\n\thead -n 100 text | sort >$@\n' >>makefile
  $recorded make -s -j2
}
run_openssl() { $recorded openssl enc -aes-256-ctr -pass pass:x -pbkdf2 -in text; }
run_dpkg() { $recorded dpkg-query -W -f '${Package} ${Installed-Size}\n'; }
