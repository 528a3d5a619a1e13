# Every link of a site leads to a file of it, and to a place in that file.
#
#   cd SITE; gawk -f links.awk FILE…      all files of the site
#
# Links to other sites are not followed.

BEGIN {
  RS = "<"
  for (i = 1; i < ARGC; i++) there[normal(ARGV[i])] = 1
}

FILENAME !~ /\.html$/ { nextfile }

FNR == 1 { page = normal(FILENAME); directory = page; sub(/[^\/]*$/, "", directory) }

# A tag is what follows a `<`.
/^[a-z]/ {
  tag = $0
  sub(/>.*/, "", tag)
  while (match(tag, /[ \n\t](id|name|href|src)="[^"]*"/)) {
    attribute = substr(tag, RSTART + 1, RLENGTH - 1)
    tag = substr(tag, RSTART + RLENGTH)
    value = attribute
    gsub(/^[a-z]+="|"$/, "", value)
    gsub(/&amp;/, "\\&", value)
    if (attribute ~ /^(id|name)/) places[page "#" value] = 1
    else links[page SUBSEP directory SUBSEP value] = 1
  }
}

END {
  PROCINFO["sorted_in"] = "@ind_str_asc"
  for (link in links) {
    split(link, parts, SUBSEP)
    target = parts[3]
    if (target ~ /^([a-z][a-z0-9+.-]*:|\/\/)/) continue
    count++
    place = ""
    if (match(target, /#/)) { place = substr(target, RSTART + 1); target = substr(target, 1, RSTART - 1) }
    file = target == "" ? parts[1] : normal(parts[2] decoded(target))
    if (file == "" || file ~ /\/$/) file = file "index.html"
    if (!(file in there)) wrong("there is no " file)
    else if (place != "" && !((file "#" decoded(place)) in places)) wrong(file " has no #" decoded(place))
  }
  if (!count) { print "links.awk: no link was found" > "/dev/stderr"; exit 1 }
  if (broken) exit 1
  print count " links lead to where they say"
}

function wrong(what) {
  printf "%s: the link to %s leads to nothing: %s\n", parts[1], parts[3], what > "/dev/stderr"
  broken++
}

# Without `.` and `..`; those that leave the site stay, and are not found there.
function normal(path,    steps, kept, n, i, text) {
  n = split(path, steps, "/")
  kept = 0
  for (i = 1; i <= n; i++) {
    if (steps[i] == "." || (steps[i] == "" && i < n)) continue
    if (steps[i] == ".." && kept && out[kept] != "..") kept--
    else out[++kept] = steps[i]
  }
  for (i = 1; i <= kept; i++) text = text (i > 1 ? "/" : "") out[i]
  return text
}

function decoded(text,    result) {
  while (match(text, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
    result = result substr(text, 1, RSTART - 1) sprintf("%c", strtonum("0x" substr(text, RSTART + 1, 2)))
    text = substr(text, RSTART + 3)
  }
  return result text
}
