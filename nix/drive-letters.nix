# The argument that says under which letters a guest has the drives of a build.
{ check }:

{
  type = check.record {
    store = { type = check.string; default = "S"; };
    exchange = { type = check.string; default = "X"; };
  };
  default = { };
}
