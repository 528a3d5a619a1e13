/** An account is logged on at every start, as often as it starts. */
{ check, layering, product, ... }:

layering.overridable "autologon"
  {
    # Who is logged on.
    user = { type = check.string; default = "wfvm"; };
    # Stands readable in the store and in the image.
    password = { type = check.string; default = "1234"; };
  }
  ({ user, password }: product.layers.registry {
    name = "autologon";
    # "Turn on automatic logon in Windows". A count that an answer file left
    # would run out.
    keys."HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon" = {
      AutoAdminLogon = "1";
      DefaultUserName = user;
      DefaultPassword = password;
      AutoLogonCount = null;
    };
  })
