# The image whose disk is to be kept or looked at: a template's is in use by the guest in it.
image: if image.isTemplate or false then image.image else image
