# Sourced by runs that look into an image: what is there, against what should be.

broken=

fact() { # SENTENCE IS SHOULD-BE
  if [ "$2" = "$3" ]; then
    echo "holds: $1"
  else
    echo "does not hold: $1: \`$2\`, should be \`$3\`" >&2
    broken=1
  fi
}

# The data of a value of the registry, without its type; nothing if it is not there.
value() { # KEY NAME
  win-exec "reg query \"$1\" /v \"$2\"" 2> errors | tr -d '\r' | sed -n 's/^    .*    REG_[A-Z_]*    *//p' || true
}

# Whether a file or a folder is there.
there() { # PATH
  win-exec "if exist \"$1\" (echo yes) else echo no" | tr -d '\r\n '
}

# The first line of a file.
line() { # PATH
  win-exec "type \"$1\"" | tr -d '\r' | head -n 1
}

conclude() { [ -z "$broken" ]; }
