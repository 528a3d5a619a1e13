# How an image says that it is started: `machine`, `login`, `logins`, as far as
# it says so.
#
# A consumer may have replaced passthru; the spec is part of the derivation and
# stays. A path says nothing.
image:

let
  set = if builtins.isAttrs image then image else { };
  spec = set.spec or { };
in
(if spec ? wfvmSpec then { inherit (spec) machine login; } else { })
  // builtins.intersectAttrs { machine = null; login = null; logins = null; } (set.passthru or { })
