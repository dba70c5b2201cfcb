// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A token of tests that does as it is told, right or wrong: what it is told stands in `how`.
contract Odd {
    event Transfer(address indexed from, address indexed to, uint256 value);

    mapping(address => uint256) public balanceOf;
    uint8 public decimals;
    string public how;

    constructor(uint8 decimals_, string memory how_) {
        decimals = decimals_;
        how = how_;
        balanceOf[msg.sender] = 10 ** 30;
    }

    function tell(string calldata how_) external {
        how = how_;
    }

    function does(string memory word) private view returns (bool) {
        return keccak256(bytes(how)) == keccak256(bytes(word));
    }

    function transfer(address to, uint256 value) external returns (bool) {
        if (does("lies")) {
            emit Transfer(msg.sender, to, value);
            return true;
        }
        if (does("returns false")) return false;
        require(!does("refuses") && balanceOf[msg.sender] >= value, "no");
        uint256 kept = does("takes a fee") || does("takes a fee in silence") ? value / 100 : 0;
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value - kept;
        balanceOf[address(this)] += kept;
        emit Transfer(msg.sender, to, does("takes a fee in silence") ? value : value - kept);
        if (kept > 0 && does("takes a fee")) emit Transfer(msg.sender, address(this), kept);
        if (does("returns nothing"))
            assembly {
                return(0, 0)
            }
        return true;
    }
}
