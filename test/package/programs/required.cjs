// Prints what a CommonJS program gets.
const required = require('ipvs');

import('ipvs').then((imported) => {
  console.log(
    JSON.stringify({
      node: process.version,
      reference: required.formatServiceReference({ fwmark: 7 }),
      // Two copies would each have an IpvsError of their own.
      same: required.IpvsError === imported.IpvsError,
    }),
  );
});
