#!/bin/sh
# certificates.sh DIR: writes what TLS tests need into DIR, each as NAME.pem and NAME.key, with the openssl program.
#
#   ca          signs most of them             other-ca    nobody's friend
#   server      sip.carrier.example, localhost, 127.0.0.1, ::1
#   expired     ended in 2021                  future      begins in 2099
#   soon        ends in five days              wrong-name  is for sip.other.example and sip2.other.example
#   self-signed by itself                      stranger    a server of other-ca
#   wildcard    *.carrier.example              domain      URI sip:carrier.example alone (RFC 5922 section 7.1)
#   chained     a server of an intermediate authority, which stands behind it in chained.pem
#   client      for us                         stranger-client  of other-ca
set -eu

dir=$1
mkdir -p "$dir/by-serial"
cd "$dir"

# key_and_request NAME COMMON-NAME
key_and_request()
{
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
        -subj "/O=trunkha tests/CN=$2" 2>/dev/null
}

# by_itself NAME COMMON-NAME EXTENSION
by_itself()
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 3650 \
        -subj "/O=trunkha tests/CN=$2" -addext "$3" 2>/dev/null
}

# sign NAME AUTHORITY START END EXTENSION...: the times as YYMMDDHHMMSSZ
sign()
{
    name=$1 authority=$2 start=$3 end=$4
    shift 4
    cat >"$name.cnf" <<END
[ca]
default_ca = it
[it]
database = $name.index
new_certs_dir = by-serial
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = extensions
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[extensions]
END
    printf '%s\n' "$@" >>"$name.cnf"
    : >"$name.index"
    openssl ca -batch -notext -config "$name.cnf" -cert "$authority.pem" -keyfile "$authority.key" -startdate "$start" \
        -enddate "$end" -in "$name.csr" -out "$name.pem" 2>/dev/null
    rm -f "$name.cnf" "$name.index"* "$name.csr"
}

now=$(date -u -d '-1 day' +%y%m%d%H%M%SZ)
later=$(date -u -d '+1000 days' +%y%m%d%H%M%SZ)
soon=$(date -u -d '+5 days' +%y%m%d%H%M%SZ)
names=subjectAltName=DNS:sip.carrier.example,DNS:localhost,IP:127.0.0.1,IP:::1

by_itself ca 'trunkha test CA' keyUsage=keyCertSign
by_itself other-ca 'Some other CA' keyUsage=keyCertSign
by_itself self-signed localhost "$names"

# server NAME AUTHORITY START END SUBJECT-ALT-NAME
server()
{
    key_and_request "$1" "$1.example"
    sign "$1" "$2" "$3" "$4" "$5" extendedKeyUsage=serverAuth
}

server server ca "$now" "$later" "$names"
server expired ca 200101000000Z 210101000000Z "$names"
server future ca 20990101000000Z 20991231000000Z "$names"
server soon ca "$now" "$soon" "$names"
server wrong-name ca "$now" "$later" subjectAltName=DNS:sip.other.example,DNS:sip2.other.example
server stranger other-ca "$now" "$later" "$names"
server wildcard ca "$now" "$later" 'subjectAltName=DNS:*.carrier.example'
server domain ca "$now" "$later" subjectAltName=URI:sip:carrier.example

key_and_request intermediate 'trunkha intermediate CA'
sign intermediate ca "$now" "$later" basicConstraints=critical,CA:true keyUsage=keyCertSign
server chained intermediate "$now" "$later" "$names"
cat intermediate.pem >>chained.pem

key_and_request client 'trunkha client'
sign client ca "$now" "$later" extendedKeyUsage=clientAuth
key_and_request stranger-client 'strange client'
sign stranger-client other-ca "$now" "$later" extendedKeyUsage=clientAuth
rm -r by-serial
