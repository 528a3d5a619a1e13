//! What Hydra's queue runner is given is no crate of ours: it is compiled here, and its tests run here.

#[path = "../../nix/hydra/restricted_paths.rs"]
#[expect(unreachable_pub, reason = "it is public where `nix/hydra/apply` puts it")]
mod restricted_paths;
