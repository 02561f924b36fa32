"""Words of Kerberos as a protocol of its own, over streams and datagrams."""
from ber import *
from wire import *
from krb5words import *
