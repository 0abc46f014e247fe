// The KeyValueStore's data plane takes SigV4A only, and the SDK finds an implementation by this side effect.
// A bundle that cannot carry the native one puts @aws-sdk/signature-v4a in the place of this file.
import '@aws-sdk/signature-v4-crt';
