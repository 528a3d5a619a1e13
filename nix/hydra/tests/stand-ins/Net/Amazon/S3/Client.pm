package Net::Amazon::S3::Client;
use strict;
use warnings;

sub new { return bless {}, shift }
sub bucket { return shift }
sub object { my ($self, %given) = @_; return bless {%given}, ref $self }
sub exists { return exists $Net::Amazon::S3::objects{ $_[0]->{key} } }
sub put { $Net::Amazon::S3::objects{ $_[0]->{key} } = $_[1]; return }

sub put_filename {
    my ($self, $file) = @_;
    open(my $content, '<', $file) or die "$file: $!";
    local $/;
    return $self->put(<$content>);
}

1;
