import '@sockeye/core';
