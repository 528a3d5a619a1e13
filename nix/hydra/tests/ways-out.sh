# What can be seen without running it. The queue runner cannot be compiled without
# its own dependencies, so this looks where its functions ask; and it counts, in
# Perl and in Rust, the words by which bytes of a store path leave.
sources=$1 failed=0
cd "$sources/subprojects"

judge() { # SENTENCE STATUS
  if [ "$2" = 0 ]; then echo "ok - $1"; else echo "not ok - $1" >&2; failed=1; fi
}

asks_before() { # FILE FUNCTION WORDS
  local status=0
  awk -v name="fn $2(" -v words="$3" '
    index($0, name) { inside = 1 }
    inside && /is_restricted\(/ { asked = 1 }
    inside && index($0, words) { found = 1; exit }
    END { exit !(found && asked) }' "$1" || status=1
  judge "$2 in $1 asks before \`$3\`" $status
}

# A number that is another one is another way out: does it ask?
says() { # NUMBER WORDS FOLDER…
  local found
  found=$(grep -rohF -e "$2" "${@:3}" | wc -l)
  [ "$found" = "$1" ]
  judge "\`$2\` stands $1 times in ${*:3} (found: $found)" $?
}

asks_before crates/binary-cache/src/lib.rs copy_path upload_listing
asks_before crates/binary-cache/src/lib.rs copy_path read_nar_stream
asks_before hydra-queue-runner/src/server/grpc.rs request_presigned_url generate_nar_upload_presigned_url
asks_before hydra-queue-runner/src/state/uploader.rs copy_store_path copy_object_from
grep -q '^pub use crate::restricted_paths' crates/binary-cache/src/lib.rs
judge "the queue runner has the function to ask" $?

# Views and plugins
says 4 --dump hydra/lib
says 1 --export hydra/lib
# Files that are read: served, and jobsets' own
says 2 '"cat"' hydra/lib
# Uploads of plugins
says 1 put_filename hydra/lib
says 1 '[ $covTarball' hydra/lib
says 1 '["$sotest_config"]' hydra/lib
# The queue runner and the builder
says 1 'generate_nar_upload_presigned_url(' hydra-queue-runner/src hydra-builder/src
says 5 'copy_object_from(' hydra-queue-runner/src hydra-builder/src
says 2 'copy_paths(' hydra-queue-runner/src hydra-builder/src
exit $failed
