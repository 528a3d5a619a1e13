# The programs that are made of crates/wfvm-nix-builder. Each has the features of its
# tasks, and is made of all sources but those that these features leave out: what
# builds images has one task alone, so that a change of another one leaves the
# builder's store path, and with it every image, as it is.
#
# `without` is held against the `#[cfg(feature = …)]` of the modules by tests/house.
{
  wfvm-nix-builder = {
    features = [ "install" "inspect" "layer" "run" "linux" ];
    # Names under which it is a program of its own.
    commands = [ "win-exec" "win-put" "win-get" "win-wait" "win-restart" ];
    without = [ ];
  };

  wfvm-install-builder = {
    features = [ "install" ];
    commands = [ ];
    without = [
      "wfvm/src/boot/clock.rs"
      "wfvm/src/boot/guest.rs"
      "wfvm/src/boot/hosts.rs"
      "wfvm/src/build"
      "wfvm/src/clones"
      "wfvm/src/command_socket"
      "wfvm/src/doctor"
      "wfvm/src/drives.rs"
      "wfvm/src/exchange"
      "wfvm/src/freeze"
      "wfvm/src/inspect"
      "wfvm/src/layer"
      "wfvm/src/lint/pages.rs"
      "wfvm/src/lint/report.rs"
      "wfvm/src/lint/sarif.rs"
      "wfvm/src/linux_guest"
      "wfvm/src/nonce.rs"
      "wfvm/src/outputs"
      "wfvm/src/qemu/migration.rs"
      "wfvm/src/run"
      "wfvm/src/script.rs"
      "wfvm/src/session/command_line.rs"
      "wfvm/src/session/file_name.rs"
      "wfvm/src/session/files.rs"
      "wfvm/src/session/pattern.rs"
      "wfvm/src/spec/build.rs"
      "wfvm/src/spec/clones.rs"
      "wfvm/src/spec/layer.rs"
      "wfvm/src/spec/linux.rs"
      "wfvm/src/spec/network/check.rs"
      "wfvm/src/spec/run.rs"
      "wfvm/src/spec/template.rs"
      "wfvm/src/steps.rs"
      "wfvm/src/store_volume"
      "wfvm/src/template"
      "wfvm/src/verify"
      "wfvm-nix-builder/src/forward.rs"
      "wfvm-nix-builder/src/nix_env/guest.rs"
      "wfvm-nix-builder/src/nix_env/person.rs"
      "wfvm-nix-builder/src/tasks/build.rs"
      "wfvm-nix-builder/src/tasks/clones.rs"
      "wfvm-nix-builder/src/tasks/doctor.rs"
      "wfvm-nix-builder/src/tasks/inspect.rs"
      "wfvm-nix-builder/src/tasks/layer.rs"
      "wfvm-nix-builder/src/tasks/lint.rs"
      "wfvm-nix-builder/src/tasks/linux.rs"
      "wfvm-nix-builder/src/tasks/preflight.rs"
      "wfvm-nix-builder/src/tasks/run.rs"
      "wfvm-nix-builder/src/tasks/schema.rs"
      "wfvm-nix-builder/src/tasks/store_volume.rs"
      "wfvm-nix-builder/src/tasks/template.rs"
      "wfvm-nix-builder/src/tasks/verify.rs"
      "wfvm-nix-builder/src/win"
    ];
  };

  wfvm-layer-builder = {
    features = [ "layer" ];
    # For the layer's script.
    commands = [ "win-exec" "win-put" "win-get" "win-wait" "win-restart" ];
    without = [
      "wfvm/src/answer_file"
      "wfvm/src/answer_schema"
      "wfvm/src/build"
      "wfvm/src/clones"
      "wfvm/src/doctor"
      "wfvm/src/driver_medium"
      "wfvm/src/drives.rs"
      "wfvm/src/exchange"
      "wfvm/src/freeze"
      "wfvm/src/inspect"
      "wfvm/src/install"
      "wfvm/src/lint"
      "wfvm/src/lint/pages.rs"
      "wfvm/src/lint/report.rs"
      "wfvm/src/lint/sarif.rs"
      "wfvm/src/linux_guest"
      "wfvm/src/media"
      "wfvm/src/nonce.rs"
      "wfvm/src/outputs"
      "wfvm/src/preflight"
      "wfvm/src/preflight.rs"
      "wfvm/src/run"
      "wfvm/src/spec/linux.rs"
      "wfvm/src/spec/build.rs"
      "wfvm/src/spec/clones.rs"
      "wfvm/src/spec/run.rs"
      "wfvm/src/spec/template.rs"
      "wfvm/src/store_volume"
      "wfvm/src/verify"
      "wfvm/src/virtio_win.rs"
      "wfvm/src/windows_iso"
      "wfvm-nix-builder/src/nix_env/person.rs"
      "wfvm-nix-builder/src/tasks/build.rs"
      "wfvm-nix-builder/src/tasks/clones.rs"
      "wfvm-nix-builder/src/tasks/doctor.rs"
      "wfvm-nix-builder/src/tasks/inspect.rs"
      "wfvm-nix-builder/src/tasks/install.rs"
      "wfvm-nix-builder/src/tasks/lint.rs"
      "wfvm-nix-builder/src/tasks/linux.rs"
      "wfvm-nix-builder/src/tasks/preflight.rs"
      "wfvm-nix-builder/src/tasks/run.rs"
      "wfvm-nix-builder/src/tasks/schema.rs"
      "wfvm-nix-builder/src/tasks/store_volume.rs"
      "wfvm-nix-builder/src/tasks/template.rs"
      "wfvm-nix-builder/src/tasks/verify.rs"
    ];
  };
}
