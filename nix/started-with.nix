# How a caller starts an image: as it says, with what the caller wants other.
{ check, machineArguments, started }:

let
  inherit (builtins) attrNames filter listToAttrs map mapAttrs;
in
{
  # Absent: as the image was installed.
  machine = mapAttrs (_: argument: { type = check.nullOr argument.type; default = null; }) machineArguments;

  account = {
    # Of the image's accounts, who commands run as.
    user = { type = check.nullOr check.string; default = null; };
    # An account, if the image does not say.
    login = {
      type = check.nullOr (check.record { user = { type = check.string; }; password = { type = check.nullOr check.string; default = null; }; passwordFile = { type = check.nullOr check.string; default = null; }; });
      default = null;
    };
  };

  /** # Type  String -> { image, machine, user, login } -> { machine, login, logins } */
  start = function: { image, machine, user, login }:
    let
      usual = started image;
      given = listToAttrs (filter (field: field.value != null)
        (map (name: { inherit name; value = machine.${name}; }) (attrNames machine)));
      inherit (usual) logins;
    in
    {
      machine = usual.machine // given;
      inherit logins;
      login =
        if login != null then removeAttrs login (builtins.filter (name: login.${name} == null) (builtins.attrNames login))
        else if user == null then usual.login
        else logins.${user} or (throw
          (''wfvm.${function}: `user` is "${user}", which is none of the image's accounts.''
            + (if logins == { } then " The image does not list them; `login` takes a user and a password."
               else check.didYouMean (attrNames logins) user)));
    };
}
