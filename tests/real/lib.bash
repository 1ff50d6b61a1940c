# What the runs of real programs share; sourced by bash. Needs $build, and for record() $mode and $sample; makes $work, a
# directory that goes away with the shell, as does every process that was started here.
# shellcheck shell=bash disable=SC2154

# Debian's programs, not what is before them in a path
PATH=/usr/sbin:/usr/bin:/sbin:/bin
work=$(mktemp -d /tmp/dwell-real.XXXXXX)
started=()
end_all() {
  local one
  for one in "${started[@]}"; do kill "$one" 2>/dev/null; done
  rm -rf "$work"
}
trap end_all EXIT
trap 'exit 130' INT TERM

# The variable of a way to record, for env.
recording() { # default|exact|sample SIZE
  case $1 in
    default) echo DWELL_EXACT=0 ;;
    exact) echo DWELL_EXACT=1 ;;
    sample) echo "DWELL_SAMPLE=$2" ;;
    *) return 2 ;;
  esac
}

# Starts a program in the background, with this shell's stdin; its id is in $pid.
background() { # COMMAND...
  "$@" <&0 &
  pid=$!
  started+=("$pid")
}

# The same under the recorder, but not its children.
record() { # COMMAND...
  background env LD_PRELOAD="$build/libdwell.so" DWELL_OUT="$work/trace.dwl" DWELL_CHILDREN=0 \
    "$(recording "$mode" "$sample")" "$@"
}

# Ends a process that background() started, by force if it doesn't within five seconds.
end() { # PID
  kill "$1" 2>/dev/null
  for _ in $(seq 100); do
    kill -0 "$1" 2>/dev/null || break
    sleep 0.05
  done
  kill -KILL "$1" 2>/dev/null && echo "real: $1 had to be killed" >&2
  wait "$1" 2>/dev/null
}

free_port() {
  perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# Tries a command until it succeeds, for ten seconds at most.
await() { # COMMAND...
  for _ in $(seq 200); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  echo "real: '$*' did not come true" >&2
  return 1
}

# Lines of BYTES bytes, RATE a second, COUNT in all. Runs until it can't write any more, or is done. Takes the place of its
# shell, so that who ends that ends it: for the background, and pipelines.
feed() { # COUNT RATE BYTES [TEXT BEFORE EACH]
  exec perl -MTime::HiRes=time,sleep -e '
    my ($count, $rate, $bytes, $before) = @ARGV;
    $| = 1;
    $SIG{PIPE} = sub { exit };
    my ($start, $filler) = (time, "x" x $bytes);
    for my $i (1 .. $count) {
      print substr("$before$i-$filler", 0, $bytes), "\n";
      next if $i % 10;
      my $early = $start + $i / $rate - time;
      sleep $early if $early > 0;
    }' "$1" "$2" "$3" "${4:-}"
}

# Reads lines, RATE a second, and says how many it got.
slow_reader() { # RATE
  exec perl -MTime::HiRes=time,sleep -e '
    my ($start, $n) = (time, 0);
    while (<STDIN>) {
      my $early = $start + ++$n / $ARGV[0] - time;
      sleep $early if $early > 0;
    }
    print "$n\n";' "$1"
}
