import { connect } from 'node:net';
import { flood } from '../../../kit/flow.mjs';

const socket = connect(`\0${process.argv[2]}`, () => flood(socket));
