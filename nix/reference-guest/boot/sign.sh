# `sign PROGRAM OUT` signs as Microsoft does (Authenticode), by $key and $certificate, at $SOURCE_DATE_EPOCH. The
# key stands beside this file: everybody has it, and only tests trust it.
sign() {
  # The provider of old algorithms is a module of its own, which is not needed.
  osslsigncode sign -nolegacy -h sha256 -time "$SOURCE_DATE_EPOCH" -key "$key" -certs "$certificate" -in "$1" -out "$2" > /dev/null
}
